/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking submissions apart and compiling them: real folders, real archives, the real kit and its
 * compiler, and what a hostile submission would try.
 */
#include "sandbox.h"
#include "submission.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const files[] = {"segments.c", "enter.asm", "answers.txt", NULL};
static const struct lab rings = {.number = 1, .name = "rings", .folder = "1-rings", .files = files};

/* One with a driver, and the labs between: their solutions are linked with it. */
static const char *const paravirt_files[] = {
	"hypercall.c", "firmware.asm", "virtqueue.c", "virtio_blk.c", NULL};
static const char *const paravirt_guests[] = {"blocks", "pocket_virtio", NULL};
static const struct lab traps = {.number = 2, .folder = "2-traps"},
			shadow = {.number = 3, .folder = "3-shadow"},
			patch = {.number = 4, .folder = "4-patch"},
			paravirt = {.number = 5,
				.name = "paravirt",
				.folder = "5-paravirt",
				.files = paravirt_files,
				.guests = paravirt_guests};

const struct lab *const all_labs[] = {&rings, &traps, &shadow, &patch, &paravirt, NULL};
static const struct lab *lab = &rings; /* what is handed in */

static char base[] = "/tmp/check-submission.XXXXXX";
static char work[64], from[80], into[80], packed[80];
static char *message;

/* ---- helpers ---- */

/* Runs a line of shell in the folder to hand in. */
__attribute__((format(printf, 1, 2))) static void in_from(const char *format, ...)
{
	char line[2048];
	int length = snprintf(line, sizeof(line), "cd %s && ", from);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + length, sizeof(line) - (size_t)length, format, arguments);
	va_end(arguments);
	ck_assert_msg(system(line) == 0, "%s", line);
}

static void file_write(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", from, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

/* A good submission, in `from`. */
static void setup(void)
{
	snprintf(work, sizeof(work), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(work));
	snprintf(from, sizeof(from), "%s/from", work);
	snprintf(into, sizeof(into), "%s/" WORK_SUBMISSION, work);
	snprintf(packed, sizeof(packed), "%s/packed", work);
	ck_assert_int_eq(mkdir(from, 0755), 0);
	ck_assert_int_eq(mkdir(into, 0755), 0);
	file_write("segments.c", "int segments;\n");
	file_write("enter.asm", "; enter\n");
	file_write("answers.txt", "exits = 3\n");
}

static const char *collected(const char *name)
{
	static char text[256];
	char path[256];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", into, name);
	file = fopen(path, "r");
	if (!file)
		return NULL;
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return text;
}

static enum blame collect(const char *path)
{
	return submission_collect(lab, path, into, &message);
}

static void assert_taken(const char *path)
{
	enum blame blame = collect(path);
	struct stat status;
	char copy[256];

	ck_assert_msg(blame == BLAME_NOBODY, "%s", message);
	ck_assert_ptr_null(message);
	ck_assert_str_eq(collected("segments.c"), "int segments;\n");
	ck_assert_str_eq(collected("enter.asm"), "; enter\n");
	snprintf(copy, sizeof(copy), "%s/segments.c", into);
	ck_assert_int_eq(lstat(copy, &status), 0);
	ck_assert(S_ISREG(status.st_mode));
	ck_assert_uint_eq(status.st_mode & 07777, 0644);
}

/* Refused, at the submission's cost, in one sentence with these words in it. */
static void assert_refused(const char *path, const char *words)
{
	ck_assert_int_eq(collect(path), BLAME_SUBMISSION);
	ck_assert_ptr_nonnull(message);
	ck_assert_msg(strstr(message, words), "%s", message);
	ck_assert_ptr_null(strchr(message, '\n'));
	ck_assert_ptr_null(strstr(message, base));
}

/* ---- folders ---- */

START_TEST(a_folder_is_taken)
{
	in_from("chmod 0400 segments.c");
	assert_taken(from);
	ck_assert_str_eq(collected("answers.txt"), "exits = 3\n");
}
END_TEST

START_TEST(a_subfolder_named_like_the_lab_is_taken)
{
	in_from("mkdir 1-rings && mv segments.c enter.asm 1-rings && echo old >segments.c");
	assert_taken(from);
	ck_assert_ptr_null(collected("answers.txt"));
}
END_TEST

START_TEST(nothing_else_is_taken)
{
	in_from("echo all: >Makefile; echo x >rings.h; mkdir extra; echo x >extra/segments.c");
	assert_taken(from);
	ck_assert_ptr_null(collected("Makefile"));
	ck_assert_ptr_null(collected("rings.h"));
	in_from("test $(ls -A %s | wc -l) = 3", into);
}
END_TEST

START_TEST(answers_may_be_missing_or_empty)
{
	in_from("%s", _i == 0 ? "rm answers.txt" : ": >answers.txt");
	assert_taken(from);
	ck_assert_ptr_null(collected("answers.txt"));
}
END_TEST

static const struct {
	const char *shell, *words;
} bad_folders[] = {
	{"rm segments.c", "segments.c is missing"},
	{"rm *", "segments.c is missing"},
	{": >enter.asm", "enter.asm is empty"},
	{"rm enter.asm; mkdir enter.asm", "enter.asm is a folder"},
	{"rm enter.asm; ln -s /etc/passwd enter.asm", "enter.asm is a link"},
	{"rm enter.asm; ln -s segments.c enter.asm", "enter.asm is a link"},
	{"rm enter.asm; ln -s nowhere enter.asm", "enter.asm is a link"},
	{"rm answers.txt; ln -s segments.c answers.txt", "answers.txt is a link"},
	{"ln segments.c other", "segments.c is a hard link"},
	{"rm segments.c; mkfifo segments.c", "segments.c is not a regular file"},
	{"rm segments.c; truncate -s 1048577 segments.c", "segments.c is larger than 1024 KiB"},
	{"rm segments.c; truncate -s 1T segments.c", "segments.c is larger than 1024 KiB"},
	{"mkdir r; mv segments.c enter.asm r; ln -s r 1-rings", "1-rings is a link"},
	{"echo x >1-rings", "1-rings is not a folder"},
	{"mkdir 1-rings", "segments.c is missing"},
};

START_TEST(a_bad_folder_is_refused)
{
	in_from("%s", bad_folders[_i].shell);
	assert_refused(from, bad_folders[_i].words);
}
END_TEST

START_TEST(the_largest_file_is_taken)
{
	in_from("truncate -s 1048576 segments.c");
	ck_assert_int_eq(collect(from), BLAME_NOBODY);
	in_from("test $(stat -c %%s %s/segments.c) = 1048576", into);
}
END_TEST

START_TEST(a_device_is_refused)
{
	char path[256];

	if (geteuid() != 0)
		return;
	in_from("rm segments.c");
	snprintf(path, sizeof(path), "%s/segments.c", from);
	ck_assert_int_eq(mknod(path, S_IFCHR | 0666, 1 << 8 | 5), 0); /* /dev/zero */
	assert_refused(from, "segments.c is not a regular file");
}
END_TEST

static const char *const no_submissions[] = {"/nonexistent", "/dev/zero", "/dev/null", ""};

START_TEST(what_is_no_submission_at_all_costs_no_points)
{
	ck_assert_int_eq(collect(no_submissions[_i]), BLAME_KIT);
	ck_assert_ptr_nonnull(message);
}
END_TEST

START_TEST(a_full_disk_costs_no_points)
{
	char path[128];

	/* a file that cannot be made stands for a disk that is full */
	snprintf(path, sizeof(path), "%s/segments.c", into);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(collect(from), BLAME_KIT);
	ck_assert_ptr_nonnull(strstr(message, "segments.c could not be copied"));
}
END_TEST

/* ---- archives ---- */

static const char *const good_archives[] = {
	"tar cf ../packed segments.c enter.asm answers.txt",
	"tar cf ../packed .",
	"tar czf ../packed ./segments.c ./enter.asm",
	"tar cjf ../packed segments.c enter.asm",
	"tar cJf ../packed segments.c enter.asm",
	"tar c --format=v7 -f ../packed segments.c enter.asm",
	"tar c --format=pax -f ../packed segments.c enter.asm",
	"tar c --format=gnu --sparse -f ../packed segments.c enter.asm",
	/* below the lab's folder */
	"mkdir 1-rings; mv *.* 1-rings; tar czf ../packed 1-rings",
	/* below a folder that all share */
	"mkdir alice; mv *.* alice; tar czf ../packed alice",
	"mkdir alice; mv *.* alice; tar czf ../packed ./alice/segments.c ./alice/enter.asm",
	/* below both; what lies beside it does not count */
	"mkdir -p alice/1-rings; mv *.* alice/1-rings; echo x >alice/segments.c; "
	"tar czf ../packed alice",
	/* the last of a name counts */
	"cp segments.c good; echo bad >segments.c; tar cf ../packed segments.c enter.asm; "
	"cp good segments.c; tar rf ../packed segments.c",
	/* links and folders elsewhere are ignored */
	"ln -s /etc etc; mkdir x; ln -s ../segments.c x/segments.c; "
	"tar cf ../packed segments.c enter.asm etc x",
	/* macOS puts these beside everything */
	"mkdir alice; mv *.* alice; echo x >._alice; tar cf ../packed ._alice alice",
};

START_TEST(an_archive_is_taken)
{
	in_from("%s", good_archives[_i]);
	assert_taken(packed);
}
END_TEST

static const struct {
	const char *shell, *words;
} bad_archives[] = {
	{"tar cf ../packed segments.c", "enter.asm is missing"},
	{"tar czf ../packed --files-from /dev/null", "segments.c is missing"},
	{"mkdir a b; mv segments.c a; mv enter.asm b; tar cf ../packed a b",
		"segments.c is missing"},
	{"mkdir -p a/b; mv *.* a/b; tar cf ../packed a", "segments.c is missing"},
	{": >enter.asm; tar cf ../packed *", "enter.asm is empty"},
	{"rm enter.asm; mkdir enter.asm; tar cf ../packed *", "enter.asm is a folder"},
	{"rm enter.asm; ln -s segments.c enter.asm; tar cf ../packed *", "enter.asm is a link"},
	{"rm enter.asm; ln -s /etc/passwd enter.asm; tar cf ../packed *", "enter.asm is a link"},
	{"ln -f segments.c enter.asm; tar cf ../packed *", "is a link"},
	{"rm enter.asm; mkfifo enter.asm; tar cf ../packed *", "enter.asm is not a regular file"},
	{"truncate -s 1048577 segments.c; tar czf ../packed *",
		"segments.c is larger than 1024 KiB"},
	{"truncate -s 1G segments.c; tar c --sparse -zf ../packed *", "segments.c has holes"},
	{"truncate -s 1G segments.c; echo x >>segments.c; tar c --sparse -zf ../packed *",
		"segments.c is larger than 1024 KiB"},
	{"tar c -P -f ../packed *.* --transform 's,^enter,/tmp/enter,'", "a path that leaves it"},
	{"tar c -P -f ../packed *.* --transform 's,^enter,../enter,'", "a path that leaves it"},
	{"echo x >evil; tar c -P -f ../packed * --transform 's,^evil,a/../../evil,'",
		"a path that leaves it"},
	{"truncate -s 70M zeros; tar czf ../packed *", "the archive holds more than 64 MiB"},
	{"truncate -s 70M zeros; tar cf ../packed *", "the archive holds more than 64 MiB"},
	{"truncate -s 4G zeros; tar c --sparse -f ../p * && gzip <../p >../packed && "
	 "truncate -s 65M zeros && tar cf ../p * && xz -0 <../p >../packed",
		"the archive holds more than 64 MiB"},
	{"seq 10001 | sed 's,^,f,' | xargs touch; tar czf ../packed *", "more than 10000 entries"},
	{"tar cf - * | gzip | gzip >../packed", "compressed twice"},
	{"tar cf - * | xz | gzip | bzip2 >../packed", "compressed twice"},
	{"tar czf ../p *; head -c 100 ../p >../packed", "pack it again"},
	{"tar cf ../p *; head -c 700 ../p >../packed", "pack it again"},
	{"echo 'int segments;' >../packed", "not a tar archive"},
	{"head -c 100000 /dev/urandom >../packed", "not a tar archive"},
	{": >../packed", "not a tar archive"},
	{"echo hello | gzip >../packed", "not a tar archive"},
	{"printf '#!/bin/sh\\n' >../packed; chmod +x ../packed", "not a tar archive"},
};

START_TEST(a_bad_archive_is_refused)
{
	in_from("%s", bad_archives[_i].shell);
	assert_refused(packed, bad_archives[_i].words);
}
END_TEST

/* Packs one entry that tar(1) does not make, and the good files behind it. */
static void pack_special(struct archive_entry *entry)
{
	static const char *const good[][2] = {
		{"segments.c", "int segments;\n"}, {"enter.asm", "; enter\n"}};
	struct archive *archive = archive_write_new();

	archive_write_set_format_pax_restricted(archive);
	archive_write_add_filter_zstd(archive);
	ck_assert_int_eq(archive_write_open_filename(archive, packed), ARCHIVE_OK);
	ck_assert_int_ge(archive_write_header(archive, entry), ARCHIVE_WARN);
	for (size_t i = 0; i < 2; i++) {
		archive_entry_clear(entry);
		archive_entry_set_pathname(entry, good[i][0]);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, (la_int64_t)strlen(good[i][1]));
		ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
		archive_write_data(archive, good[i][1], strlen(good[i][1]));
	}
	ck_assert_int_eq(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	archive_entry_free(entry);
}

START_TEST(a_device_in_an_archive_is_refused)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, "answers.txt");
	archive_entry_set_filetype(entry, AE_IFCHR);
	archive_entry_set_rdevmajor(entry, 1);
	archive_entry_set_rdevminor(entry, 5);
	pack_special(entry);
	assert_refused(packed, "answers.txt is not a regular file");
}
END_TEST

START_TEST(names_that_are_no_text_are_ignored)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, _i == 0 ? "\xff\xfe\033[2J" : "segments.c\001");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 0);
	pack_special(entry);
	assert_taken(packed);
}
END_TEST

/* A header that promises more than there is, to keep a reader busy. */
START_TEST(a_header_that_lies_about_its_size_is_refused)
{
	char header[512] = "zeros";
	unsigned sum = 0;
	FILE *file;

	memcpy(header + 100, "0000644", 8);
	memcpy(header + 124, "77777777777", 12); /* 8 GiB */
	memcpy(header + 257, "ustar\00000", 8);
	memset(header + 148, ' ', 8);
	header[156] = '0';
	for (size_t i = 0; i < sizeof(header); i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	file = fopen(packed, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(header, 1, sizeof(header), file), sizeof(header));
	ck_assert_int_eq(fclose(file), 0);
	assert_refused(packed, "pack it again");
}
END_TEST

/* ---- compiling ---- */

static void kit_find(char *kit, size_t size)
{
	ck_assert_ptr_nonnull(getcwd(kit, size));
	in_from("cp %s/solutions/1-rings/segments.c %s/solutions/1-rings/enter.asm .", kit, kit);
}

/* Every other run without bubblewrap. */
static enum blame compile(int run)
{
	char kit[512];
	enum blame blame;

	ck_assert_ptr_nonnull(getcwd(kit, sizeof(kit)));
	if (run % 2 == 1)
		setenv("RINGFENCE_SANDBOX", "limits", 1);
	ck_assert(sandbox_admit(work));
	blame = collect(from);
	ck_assert_msg(blame == BLAME_NOBODY, "%s", message);
	return submission_compile(lab, kit, work, NULL, &message);
}

static bool monitor_exists(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" WORK_MONITOR, work);
	return access(path, F_OK) == 0;
}

START_TEST(the_solution_compiles)
{
	char kit[512];
	enum blame blame;

	kit_find(kit, sizeof(kit));
	/* A Makefile and a header of the submission's own change nothing. */
	in_from("printf 'organs:\\n\\ttouch hacked; false\\n' >Makefile; echo '#error' >rings.h; "
		"cp Makefile GNUmakefile; echo '#pragma GCC poison harmless' >>segments.c");
	blame = compile(_i);
	ck_assert_msg(blame == BLAME_NOBODY, "%s", message);
	ck_assert_ptr_null(message);
	in_from("readelf -h ../" WORK_MONITOR " | grep -q 'Intel 80386'");
	in_from("test ! -e ../" WORK_GUESTS);
	ck_assert_int_ne(access("hacked", F_OK), 0);
}
END_TEST

START_TEST(an_error_is_shown_as_the_student_knows_the_file)
{
	char kit[512];

	kit_find(kit, sizeof(kit));
	in_from("echo 'int broken(void) { return undeclared; }' >>segments.c");
	ck_assert_int_eq(compile(_i), BLAME_SUBMISSION);
	ck_assert_msg(strstr(message, "does not compile:\nsegments.c: In function"), "%s", message);
	ck_assert_ptr_nonnull(strstr(message, "'undeclared' undeclared"));
	ck_assert_ptr_null(strstr(message, base));
	ck_assert(!monitor_exists());
}
END_TEST

/*
 * What is appended to a file of the solution, with the kit's path for %s; a word that the
 * message must have, so that this is what failed; and one that it must not have.
 */
static const struct {
	const char *file, *text, *said, *secret;
} attacks[] = {
	{"segments.c", "#include \"/etc/passwd\"\n", "/etc/passwd: ", "root:"},
	{"segments.c", "#include \"../../../../../../etc/passwd\"\n", "etc/passwd: ", "root:"},
	{"segments.c", "__asm__(\".incbin \\\"/etc/shadow\\\"\");\n", "/etc/shadow", "root:"},
	{"segments.c", "__asm__(\".include \\\"/etc/passwd\\\"\");\n", "/etc/passwd", "root:"},
	{"enter.asm", "%%include \"/etc/passwd\"\n", "/etc/passwd", "root:"},
	{"enter.asm", "incbin \"/etc/passwd\"\n", "/etc/passwd", "root:"},
	{"segments.c", "#include \"/proc/self/environ\"\n", "/proc/self/environ: ", "PATH="},
	/* the solution, and the judge's own sources */
	{"segments.c", "#include \"%s/solutions/1-rings/segments.c\"\n",
		"segments.c: ", "redefinition"},
	{"segments.c", "#include \"solutions/1-rings/segments.c\"\n",
		"segments.c: ", "redefinition"},
	{"segments.c", "__asm__(\".incbin \\\"%s/solutions/1-rings/segments.c\\\"\");\n",
		"solutions/1-rings", NULL},
	{"segments.c", "__asm__(\".incbin \\\"%s/grader/include/judge.h\\\"\");\n", "judge.h",
		NULL},
	{"enter.asm", "incbin \"%s/grader/include/judge.h\"\n", "judge.h", NULL},
	/* endless, or too large */
	{"segments.c", "#include \"/dev/zero\"\n", "/dev/zero: ", NULL},
	{"segments.c", "#include \"/dev/urandom\"\n", "/dev/urandom: ", NULL},
	{"segments.c", "__asm__(\".fill 0x7fffffff, 1, 1\");\n", "File size limit", NULL},
	{"segments.c", "char large[0x40000000] = {1};\n", "File size limit", NULL},
	{"segments.c", "__asm__(\".rept 0x7fffffff\\n.long 1\\n.endr\");\n", "out of memory", NULL},
	{"enter.asm", "times 100000000 dd 1\n", "File size limit", NULL},
	{"segments.c",
		"#define A(x) x x x x x x x x\n#define B(x) A(A(A(A(x))))\n"
		"#define C(x) B(B(B(x)))\nint i = C(+1);\n",
		"out of memory", NULL},
};

START_TEST(an_attack_on_the_compiler_harms_nothing)
{
	int attack = _i / 2;
	char kit[512], text[1024];
	FILE *file;

	kit_find(kit, sizeof(kit));
	snprintf(text, sizeof(text), "%s/%s", from, attacks[attack].file);
	file = fopen(text, "a");
	ck_assert_ptr_nonnull(file);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	fprintf(file, attacks[attack].text, kit);
#pragma GCC diagnostic pop
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(compile(_i), BLAME_SUBMISSION);
	ck_assert_msg(strstr(message, "does not compile"), "%s", message);
	ck_assert_msg(strstr(message, attacks[attack].said), "%s", message);
	ck_assert_msg(
		!attacks[attack].secret || !strstr(message, attacks[attack].secret), "%s", message);
	ck_assert(!monitor_exists());
}
END_TEST

START_TEST(a_flood_of_messages_is_cut)
{
	unsigned lines = 0;
	char kit[512];

	kit_find(kit, sizeof(kit));
	in_from("yes '%%error flood' | head -n 10000 >enter.asm");
	ck_assert_int_eq(compile(_i), BLAME_SUBMISSION);
	for (const char *c = message; *c; c++)
		lines += *c == '\n';
	ck_assert_uint_le(lines, 44);
	ck_assert_uint_ge(lines, 40);
	ck_assert_ptr_nonnull(strstr(message, "more lines]\n[more output was cut off]\n"));
}
END_TEST

START_TEST(messages_cannot_move_the_cursor)
{
	char kit[512];

	kit_find(kit, sizeof(kit));
	in_from("printf '#error a\\033[2Jb\\033]0;title\\007c\\rd\\377e\\n' >segments.c");
	ck_assert_int_eq(compile(_i), BLAME_SUBMISSION);
	ck_assert_ptr_null(strchr(message, '\033'));
	ck_assert_ptr_null(strchr(message, '\r'));
	ck_assert_ptr_nonnull(strstr(message, "abc"));
}
END_TEST

START_TEST(a_kit_that_is_not_built_costs_no_points)
{
	char kit[512];

	kit_find(kit, sizeof(kit));
	in_from("mkdir -p ../kit && cp -r %s/Makefile %s/monitor ../kit", kit, kit);
	ck_assert_int_eq(chdir(work), 0);
	ck_assert_int_eq(chdir("kit"), 0);
	ck_assert_int_eq(compile(_i), BLAME_KIT);
	ck_assert_msg(strstr(message, "kit/build/chassis is missing"), "%s", message);
}
END_TEST

/* Root's sandbox belongs to another user, who may have no way into the folder of the kit. */
START_TEST(a_kit_in_a_closed_folder_can_be_used)
{
	char kit[512];

	kit_find(kit, sizeof(kit));
	in_from("mkdir -m 0700 ../closed && mkdir ../closed/kit && to=$(realpath ../closed/kit) && cd %s && "
		"cp -r --parents Makefile guests/*.mk grader/*.mk monitor build/chassis $to",
		kit);
	ck_assert_int_eq(chdir(work), 0);
	ck_assert_int_eq(chdir("closed/kit"), 0);
	ck_assert_msg(compile(_i) == BLAME_NOBODY, "%s", message);
}
END_TEST

/* ---- guests with a driver ---- */

/* The solution of lab 5, in `from`. */
static void paravirt_setup(void)
{
	char kit[512];

	setup();
	lab = &paravirt;
	ck_assert_ptr_nonnull(getcwd(kit, sizeof(kit)));
	in_from("rm * && cp %s/solutions/5-paravirt/*.* .", kit);
}

static bool guest_exists(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" WORK_GUESTS "/%s.elf", work, name);
	return access(path, F_OK) == 0;
}

START_TEST(guests_come_with_the_submissions_driver)
{
	in_from("echo 'const int of_mine = 5;' >>virtio_blk.c");
	enum blame blame = compile(_i);
	ck_assert_msg(blame == BLAME_NOBODY, "%s", message);
	ck_assert(monitor_exists());
	in_from("for guest in blocks pocket_virtio; do file=../" WORK_GUESTS "/$guest.elf; "
		"readelf -h $file | grep -q 'EXEC' && nm $file >../names && "
		"grep -q ' R of_mine$' ../names && grep -q ' T virtio_blk_find$' ../names || exit; done");
	in_from("test $(ls ../" WORK_GUESTS " | wc -l) = 2");
}
END_TEST

static const struct {
	const char *text, *said;
} bad_drivers[] = {
	{"int broken(void) { return undeclared; }", "does not compile:\nvirtio_blk.c: In function"},
	/* what the guest has itself */
	{"void kernel_main(void); void kernel_main(void) {}",
		"multiple definition of `kernel_main'"},
	{"unsigned blocks_results;", "multiple definition of `blocks_results'"},
	{"void nowhere(void); void *there = (void *)nowhere;", "undefined reference to `nowhere'"},
	/* what is not there, and what is too large */
	{"#include \"../../solutions/5-paravirt/virtio_blk.c\"",
		"solutions/5-paravirt/virtio_blk.c: "},
	{"__asm__(\".incbin \\\"/etc/shadow\\\"\");", "/etc/shadow"},
	{"char large[0x40000000] = {1};", "File size limit"},
	{"__attribute__((section(\".text\"))) char large[17 << 20] = {1};",
		"is larger than 16 MiB"},
};

START_TEST(a_bad_driver_is_the_submissions_fault)
{
	file_write("more", bad_drivers[_i / 2].text);
	in_from("cat more >>virtio_blk.c");
	ck_assert_int_eq(compile(_i), BLAME_SUBMISSION);
	ck_assert_msg(strstr(message, bad_drivers[_i / 2].said), "%s", message);
	ck_assert_ptr_null(strstr(message, base));
	ck_assert_ptr_null(strstr(message, "root:"));
	ck_assert(!guest_exists("blocks"));
	ck_assert(!guest_exists("pocket_virtio"));
}
END_TEST

START_TEST(guests_that_are_not_built_cost_no_points)
{
	char kit[512];

	ck_assert_ptr_nonnull(getcwd(kit, sizeof(kit)));
	in_from("mkdir -p ../kit/build && cp -r %s/Makefile %s/monitor ../kit && cp -r %s/build/chassis ../kit/build",
		kit, kit, kit);
	ck_assert_int_eq(chdir(work), 0);
	ck_assert_int_eq(chdir("kit"), 0);
	ck_assert_int_eq(compile(_i), BLAME_KIT);
	ck_assert_msg(strstr(message, "kit/build/guests/driverless is missing"), "%s", message);
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

int main(void)
{
	TCase *collecting = tcase_create("collecting"), *compiling = tcase_create("compiling");
	TCase *driving = tcase_create("guests with a driver");
	Suite *suite = suite_create("submission");
	SRunner *runner = srunner_create(suite);
	char command[128];
	int failed;

	if (!mkdtemp(base) || chmod(base, 0755) != 0) {
		perror(base);
		return 2;
	}
	tcase_add_checked_fixture(collecting, setup, NULL);
	tcase_set_timeout(collecting, 60);
	tcase_add_test(collecting, a_folder_is_taken);
	tcase_add_test(collecting, a_subfolder_named_like_the_lab_is_taken);
	tcase_add_test(collecting, nothing_else_is_taken);
	tcase_add_loop_test(collecting, answers_may_be_missing_or_empty, 0, 2);
	tcase_add_loop_test(collecting, a_bad_folder_is_refused, 0, COUNT(bad_folders));
	tcase_add_test(collecting, the_largest_file_is_taken);
	tcase_add_test(collecting, a_device_is_refused);
	tcase_add_loop_test(
		collecting, what_is_no_submission_at_all_costs_no_points, 0, COUNT(no_submissions));
	tcase_add_test(collecting, a_full_disk_costs_no_points);
	tcase_add_loop_test(collecting, an_archive_is_taken, 0, COUNT(good_archives));
	tcase_add_loop_test(collecting, a_bad_archive_is_refused, 0, COUNT(bad_archives));
	tcase_add_test(collecting, a_device_in_an_archive_is_refused);
	tcase_add_loop_test(collecting, names_that_are_no_text_are_ignored, 0, 2);
	tcase_add_test(collecting, a_header_that_lies_about_its_size_is_refused);
	tcase_add_checked_fixture(compiling, setup, NULL);
	tcase_set_timeout(compiling, 90);
	tcase_add_loop_test(compiling, the_solution_compiles, 0, 2);
	tcase_add_loop_test(compiling, an_error_is_shown_as_the_student_knows_the_file, 0, 2);
	tcase_add_loop_test(
		compiling, an_attack_on_the_compiler_harms_nothing, 0, 2 * COUNT(attacks));
	tcase_add_loop_test(compiling, a_flood_of_messages_is_cut, 0, 2);
	tcase_add_loop_test(compiling, messages_cannot_move_the_cursor, 0, 2);
	tcase_add_loop_test(compiling, a_kit_that_is_not_built_costs_no_points, 0, 2);
	tcase_add_loop_test(compiling, a_kit_in_a_closed_folder_can_be_used, 0, 2);
	tcase_add_checked_fixture(driving, paravirt_setup, NULL);
	tcase_set_timeout(driving, 90);
	tcase_add_loop_test(driving, guests_come_with_the_submissions_driver, 0, 2);
	tcase_add_loop_test(
		driving, a_bad_driver_is_the_submissions_fault, 0, 2 * COUNT(bad_drivers));
	tcase_add_loop_test(driving, guests_that_are_not_built_cost_no_points, 0, 2);
	suite_add_tcase(suite, driving);
	suite_add_tcase(suite, collecting);
	suite_add_tcase(suite, compiling);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command) != 0 || failed != 0;
}
