/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boots guests under a monitor, or one guest bare, and serves one GDB on the machine:
 *
 *   bridge [--socket PATH | --port N] [--monitor MONITOR.elf] [--until ADDRESS] [--log FILE]
 *          [--boot FOLDER] [--disk IMAGE --megs N [--second-disk IMAGE]] "GUEST.elf words"...
 *
 * In GDB: target remote | build/grader/bridge --monitor MONITOR.elf GUEST.elf
 *
 * With --socket or --port (on the loopback interface only) it boots first, then waits for one GDB,
 * which says "target remote PATH" or "target remote :N". The machine stands at ADDRESS (linear),
 * or else in monitor_main, or at a bare guest's entry. --log takes the console and the monitor's
 * log, which otherwise GDB shows while the machine runs.
 *
 * With --disk it boots that image, in a machine with N MiB, instead of making one: the files that
 * are named then only say where to stop, and a bare guest's disk is --second-disk. The judge leaves
 * such images of failed tests.
 *
 * The machine ends with its GDB, and nothing is left: the disk image has no name any more when the
 * machine boots. Exit status 0: GDB was served; 2: it could not be.
 */
#include "bochs.h"
#include "bootdisk.h"
#include "bridge.h"
#include "image.h"
#include "symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct options {
	struct bootdisk disk;
	const char *socket, *log;
	const char *image, *second_image; /* to boot instead of one made of the files */
	uint32_t megs;
	unsigned port;
	uint32_t until;
	bool has_until;
};

__attribute__((format(printf, 1, 2))) _Noreturn static void fail(const char *format, ...)
{
	va_list arguments;

	fputs("bridge: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(2);
}

static uint32_t number_read(const char *option, const char *text, unsigned long long most)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 0);
	if (errno || end == text || *end || value > most)
		fail("%s wants a number of at most %llu, not \"%s\"", option, most, text);
	return (uint32_t)value;
}

static void options_read(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {{"monitor", required_argument, NULL, 'm'},
		{"boot", required_argument, NULL, 'b'}, {"socket", required_argument, NULL, 's'},
		{"port", required_argument, NULL, 'p'}, {"until", required_argument, NULL, 'u'},
		{"log", required_argument, NULL, 'l'}, {"disk", required_argument, NULL, 'd'},
		{"second-disk", required_argument, NULL, 'S'},
		{"megs", required_argument, NULL, 'M'}, {0}};

	for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		switch (name) {
		case 'm':
			o->disk.monitor = optarg;
			break;
		case 'b':
			o->disk.boot_dir = optarg;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'p':
			o->port = number_read("--port", optarg, 65535);
			break;
		case 'u':
			o->until = number_read("--until", optarg, UINT32_MAX);
			o->has_until = true;
			break;
		case 'l':
			o->log = optarg;
			break;
		case 'd':
			o->image = optarg;
			break;
		case 'S':
			o->second_image = optarg;
			break;
		case 'M':
			o->megs = number_read("--megs", optarg, 2048);
			break;
		default:
			exit(2);
		}
	}
	o->disk.guests = argv + optind;
	o->disk.count = (size_t)(argc - optind);
	if (o->disk.count == 0 || (!o->disk.monitor && o->disk.count != 1) ||
		(o->socket && o->port))
		fail("usage: bridge [--socket PATH | --port N] [--monitor MONITOR.elf] [--until ADDRESS] [--log FILE] \"GUEST.elf words\"... (one guest where there is no monitor)");
}

/* The image as an open file without a name. `path` is how Bochs's driver can open it. */
static void disk_make(const struct bootdisk *disk, char path[PATH_MAX])
{
	const char *temporary = getenv("TMPDIR");
	char folder[PATH_MAX], image[PATH_MAX + 16], error[512];

	snprintf(folder, sizeof(folder), "%s/ringfence-bridge.XXXXXX",
		temporary ? temporary : "/tmp");
	if (!mkdtemp(folder))
		fail("cannot make a temporary folder %s: %s", folder, strerror(errno));
	snprintf(image, sizeof(image), "%s/disk.img", folder);
	int problem = bootdisk_write(image, disk, error, sizeof(error));
	int fd = problem ? -1 : open(image, O_RDONLY | O_CLOEXEC);
	unlink(image);
	rmdir(folder);
	if (problem)
		fail("%s", error);
	if (fd < 0)
		fail("cannot open the disk image");
	snprintf(path, PATH_MAX, "/proc/self/fd/%d", fd);
}

/* ---- waiting for GDB ---- */

/* A socket that nobody listens on any more may be replaced. */
static void socket_make_way(const struct sockaddr_un *address)
{
	struct stat status;
	int fd;

	if (lstat(address->sun_path, &status) != 0)
		return;
	if (!S_ISSOCK(status.st_mode))
		fail("%s exists and is not a socket", address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		fail("another bridge listens on %s: name another path", address->sun_path);
	close(fd);
	unlink(address->sun_path);
}

static int listen_on_path(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		fail("%s is too long for a socket's path: at most %zu bytes", path,
			sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	socket_make_way(&address);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
		fail("cannot listen on %s: %s", path, strerror(errno));
	return fd;
}

static int listen_on_port(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1))
		fail("cannot listen on port %u: %s", port, strerror(errno));
	return fd;
}

/* Waits for one GDB, or for a signal: returns the connection, or minus the signal. */
static int connection_await(int listener, const sigset_t *signals)
{
	struct signalfd_siginfo info = {0};
	struct pollfd p[2] = {
		{listener, POLLIN, 0}, {signalfd(-1, signals, SFD_CLOEXEC), POLLIN, 0}};
	int fd = -1, one = 1;

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	if (p[1].revents && read(p[1].fd, &info, sizeof(info)) == sizeof(info))
		fd = -(int)info.ssi_signo;
	else
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) /* means nothing to a Unix socket, which refuses it */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(p[1].fd);
	close(listener);
	return fd;
}

/* The socket's file goes as soon as GDB has come, or a signal. */
static int connection_make(const struct options *o)
{
	sigset_t signals, before;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &before);
	int listener = o->socket ? listen_on_path(o->socket) : listen_on_port(o->port);
	if (o->socket)
		fprintf(stderr, "bridge: in GDB: target remote %s\n", o->socket);
	else
		fprintf(stderr, "bridge: in GDB: target remote :%u\n", o->port);
	fd = connection_await(listener, &signals);
	if (o->socket)
		unlink(o->socket);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

/* A monitor since lab 4 has the guest's kernel fetch from elsewhere: what the bridge needs for
 * that. */
static void view_find(const struct bootdisk *disk, struct bridge_options *options)
{
	char problem[SYMBOLS_ERROR_MAX];
	struct symbols *symbols = disk->monitor ? symbols_open(disk->monitor, problem) : NULL;

	if (!symbols)
		return;
	if (!symbols_address(symbols, "code_commit_block", &options->commit) ||
		!symbols_address(symbols, "vcpu_running", &options->running))
		options->commit = 0;
	symbols_close(symbols);
}

int main(int argc, char **argv)
{
	struct options o = {
		.disk = {.boot_dir = "build/boot", .memory_mib = IMAGE_MEMORY_MIB_DEFAULT}};
	struct bridge_options options = {.megs = IMAGE_MEMORY_MIB_DEFAULT};
	char disk[PATH_MAX], second_disk[PATH_MAX], error[512];
	struct bridge *bridge;
	int in = STDIN_FILENO, out = STDOUT_FILENO, result = 0;

	options_read(&o, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	if (!o.socket && !o.port)
		signal(SIGINT, SIG_IGN); /* Ctrl-C is GDB's, whose terminal this is too */
	bochs_end_all_on_signal();
	options.start = o.until;
	if (!o.has_until && bootdisk_address(&o.disk, "monitor_main", &options.start, error,
				    sizeof(error)) != 0)
		fail("%s", error);
	view_find(&o.disk, &options);
	if (o.log && !(options.log = fopen(o.log, "we")))
		fail("cannot write %s: %s", o.log, strerror(errno));
	if (!o.image)
		disk_make(&o.disk, disk);
	options.disk = o.image ? o.image : disk;
	options.second_disk = o.image ? o.second_image : bootdisk_second_disk(&o.disk, second_disk);
	if (o.megs)
		options.megs = o.megs;
	bridge = bridge_open(&options);
	if (!bridge)
		fail("out of memory");
	if (o.socket || o.port) {
		result = bridge_boot(bridge);
		in = out = result ? -1 : connection_make(&o);
	}
	if (result == 0 && in >= 0)
		result = bridge_serve(bridge, in, out);
	if (result != 0)
		fprintf(stderr, "bridge: %s\n", bridge_error(bridge));
	bridge_close(bridge);
	if (in < -1)
		return 128 - in;
	return result == 0 ? 0 : 2;
}
