/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the Bochs driver share. From the bottom up:
 *
 *   bochs_parse.c                  text that Bochs writes, turned into values
 *   bochs_disk.c                   the private copy of the image
 *   bochs_process.c, bochs_end.c   one Bochs: its start and its end
 *   bochs_talk.c                   commands and answers
 *   bochs_points.c, bochs_run.c    where to stop, running, why it stopped
 *   bochs_trace.c, bochs_memory.c  ring crossings; memory and registers
 *   bochs.c                        the handle
 *
 * Four streams come from Bochs. `debugger` carries the debugger's words and nothing else (Bochs's
 * option debugger_log): this is the one that is believed. `log` carries the log and standard error,
 * where code in the machine can write whole lines of its own, marked as such. `output` is standard
 * output: the debugger's words once more, mixed with the bytes that the machine writes to port
 * 0xE9. COM1 is a file.
 */
#ifndef BOCHS_INTERNAL_H
#define BOCHS_INTERNAL_H

#include "bochs.h"

#include <signal.h>
#include <sys/types.h>

/* Bytes that grow; a zero byte follows the last one. */
struct text {
	char *bytes;
	size_t length;
	size_t capacity;
};

void text_append(struct text *t, const char *bytes, size_t length);
void text_clear(struct text *t);
/* Drops all but the last bytes. */
void text_keep_last(struct text *t, size_t length);
void text_free(struct text *t);

#define TIME_BREAKPOINTS_MAX 5 /* Bochs's queue */
#define TRACE_PENDING_MAX    4 /* INT n, #GP, #DF and one to spare */
#define NONCE_ANSWER_MAX     64
#define WHY_MAX              512
#define END_GRACE_MS         1000 /* for Bochs to end by itself */

enum trace_line_kind {
	TRACE_NOTHING,
	TRACE_EXCEPTION, /* "Exception 0x0d": vector, error_code */
	TRACE_INTERRUPT, /* "Interrupt 0x0d": vector, error_code; follows the former */
	TRACE_SOFTINT,   /* tick, cs, eip */
	TRACE_EXTINT,    /* tick, cs, eip */
	TRACE_IRET,      /* tick, cs, eip */
};
struct trace_line {
	enum trace_line_kind kind;
	uint8_t vector;
	uint32_t error_code;
	uint64_t tick;
	uint16_t cs;
	uint32_t eip;
};

struct trace {
	bool on;
	bochs_event_fn *event;
	void *context;
	/* Exceptions and interrupts announced, whose outcome is not known yet. */
	struct bochs_event pending[TRACE_PENDING_MAX];
	size_t n_pending;
	uint64_t exception_tick; /* of the last exception delivered */
	/* The last stop: its place and tick, and what instruction is next. */
	struct trace_line stop;
	bool next_is_iret, next_is_int;
	/* An IRET before a stop, of which Bochs has not told yet, and where it went. */
	bool iret_may_be_due;
	struct trace_line due;
};

struct bochs {
	char error[WHY_MAX];
	char *keep_disk;
	uint32_t megs;
	uint32_t seconds;
	bool e9;

	/* the process */
	enum bochs_isolation isolation;
	enum bochs_exit exit;
	pid_t process; /* Bochs; leads a process group; 0: none */
	pid_t group;   /* as entered for bochs_end_all_on_signal() */
	bool ended;    /* bochs_end() was called */
	int commands, commands_reader, debugger, log, output; /* -1: closed */
	int disk, second_disk, console, memory;               /* memfds */
	uint64_t end_tick;
	struct text report;

	/* the conversation */
	char nonce_answer[NONCE_ANSWER_MAX]; /* the line that ends the answer being waited for */
	bool answered;                       /* it came on `debugger` */
	bool moving;                         /* what is being waited for is the end of a run */
	struct text line;                    /* the debugger's unfinished line */
	struct text answer;                  /* its finished lines since the commands were sent */
	struct text log_text, output_text, e9_text, console_text;
	uint64_t e9_dropped; /* bytes that no longer are in e9_text */

	/* the machine */
	struct bochs_registers registers;
	bool registers_known;
	uint32_t breakpoints[BOCHS_BREAKPOINTS_MAX];
	size_t n_breakpoints;
	bool watching;
	bool tracing_accesses;
	uint64_t time_breakpoints[TIME_BREAKPOINTS_MAX];
	size_t n_time_breakpoints;
	size_t watch_hit;
	struct trace trace;
	volatile sig_atomic_t interrupted;
	int interrupt_fd;
};

/* Sets bochs_error() and returns -1. */
int bochs_fail(struct bochs *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* -1 with an error if the machine has ended. */
int bochs_check_alive(struct bochs *b);
uint64_t milliseconds_now(void);

/* --- bochs_disk.c --- */
/* Moves a descriptor above the numbers that Bochs finds open; -1 stays -1. */
int fd_raise(int fd);
/* Closes a descriptor if it is open and sets it to -1. */
void fd_close(int *fd);
/* A file without a name. */
int memory_file(const char *name);
/* Opens b->disk as a private copy of the image, a whole number of cylinders long. */
int disk_copy(struct bochs *b, const char *path, uint32_t *cylinders);
/* Opens b->second_disk as a copy of an image. Its last cylinder may be a part of one. */
#define SECOND_DISK_HEADS 4u
#define SECOND_DISK_TRACK 16u
int second_disk_copy(struct bochs *b, const char *path, uint32_t *cylinders);
/* Writes the disk as the machine left it to keep_disk, if the caller asked for that. */
int disk_keep(struct bochs *b);

/* --- bochs_process.c --- */
int process_start(struct bochs *b, const struct bochs_config *config);

/* --- bochs_end.c --- */
/*
 * After the debugger's stream ended or Bochs fell silent: kills what is left of it after a grace
 * period, reads the streams to their end, and finds out from the log how it ended. Sets exit,
 * error, report and end_tick.
 */
void process_bury(struct bochs *b, uint64_t grace_milliseconds);
/* Kills it if it still runs and closes its streams. What was read stays. */
void process_close(struct bochs *b);

/* --- bochs_talk.c --- */
/* Sends commands, each ended by a newline, together at most TALK_MAX bytes. */
#define TALK_MAX 16384
int talk_send(struct bochs *b, const char *commands);
enum talk { TALK_WAITING, TALK_ANSWERED, TALK_DIED };
/* Waits for one of the streams, for so many milliseconds at most, and takes in what came. */
enum talk talk_wait(struct bochs *b, uint64_t milliseconds);
/* Sends and waits: the answer is b->answer. -1: Bochs is dead and buried. */
int talk_ask(struct bochs *b, const char *commands);
/* Takes in one stream's bytes; false at its end. */
bool talk_read_log(struct bochs *b);
bool talk_read_output(struct bochs *b);
bool talk_read_debugger(struct bochs *b);
/* After a run: moves what the machine wrote to port 0xE9 into b->e9_text. */
void talk_settle_output(struct bochs *b);

/* --- bochs_points.c --- */
/* Make Bochs's breakpoints and watches those of the next run. 0, or -1 with an error. */
int breakpoints_set(struct bochs *b, const struct bochs_until *until);
int watches_set(struct bochs *b, const struct bochs_until *until);
/*
 * Makes Bochs stop when the machine wakes from a sleep that took it past the limit. While it does
 * not sleep, the limit is kept by counting instructions.
 */
int time_breakpoint_set(struct bochs *b, uint64_t now, uint64_t limit);

/* --- bochs_trace.c --- */
/* Takes a line of the debugger's if it belongs to the trace. */
bool trace_take(struct bochs *b, const char *line);
/* The machine has stopped: settles what was announced. -1: Bochs is gone. */
int trace_stopped(struct bochs *b, bool breakpoint);
/* The machine died: hands over what was announced last. */
void trace_flush(struct bochs *b);

/* --- bochs_parse.c --- */
/* What parse_registers() wants to see the answers to. */
#define REGISTERS_COMMANDS                                                                         \
	"r\nsreg\ncreg\ndreg\nptime\nshow \"cpu0.icount\"\nshow \"cpu0.activity_state\"\n"
bool parse_registers(const char *answer, struct bochs_registers *r);

struct trace_line parse_trace_line(const char *line);

/* The last panic in a log: its message and its tick. False if there is none. */
bool parse_panic(const char *log, char message[WHY_MAX], uint64_t *tick);
/* The last line of a text that has something in it. */
void parse_last_line(const char *text, char line[WHY_MAX]);
/* Appends what the log says from its last panic on. */
void parse_report(const char *log, struct text *report);
/* The physical address in a "Caught write watch point" line; false if there is none. */
bool parse_watch_hit(const char *answer, enum bochs_access *access, uint32_t *address);
/* The next access in a trace of them, or NULL; returns where to go on. */
const char *parse_access(
	const char *text, enum bochs_access *access, uint32_t *address, uint32_t *length);
/* The values in the answer to "xp /Ngx": how many were found, at most max. */
size_t parse_giants(const char *answer, uint64_t *values, size_t max);
/* Is it a command that only looks, written so that Bochs understands it? */
bool parse_is_inspection(const char *command);

#endif
