/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mkimage: writes a disk image that boots a Multiboot kernel with its modules. What it checks and
 * what an image holds stands in image.h.
 *
 * Invariant: exit status 0 and an image, or 2, one message, and whatever was there before.
 */
#include "image.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_REFUSED 2
#define DISK_MIB_MAX 131072u

static const char usage[] =
	"Usage: mkimage -o IMAGE [-b FOLDER] [-m MIB] [-s MIB] \"KERNEL [ARGUMENTS]\" \"MODULE "
	"[ARGUMENTS]\"...\n"
	"Writes a disk image that boots KERNEL (a Multiboot ELF file) and hands it the modules.\n"
	"A file's name ends at the first space; what follows is its command line.\n"
	"\n"
	"  -o IMAGE   the image to write; an older one is replaced\n"
	"  -b FOLDER  where mbr.bin and stage2.bin are (default: build/boot)\n"
	"  -m MIB     memory of the machine, which the files must fit in (default: 64)\n"
	"  -s MIB     size of the disk (default: as large as needed)\n"
	"  --help     this text\n"
	"\n"
	"Exit status: 0, or 2 if nothing was written.\n";

__attribute__((noreturn)) static void refuse(const char *what, const char *name)
{
	fprintf(stderr, "mkimage: %s%s (mkimage --help shows the usage)\n", what, name);
	exit(EXIT_REFUSED);
}

/* A number of MiB from 1 to max, or the end. */
static unsigned mib_parse(const char *text, unsigned max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < 1 || value > max)
		refuse("not a number of MiB that is possible: ", text);
	return (unsigned)value;
}

/* Splits "name arguments" in place. */
static struct image_file file_parse(char *text)
{
	struct image_file file = {.path = text};
	char *space = strchr(text, ' ');

	if (space) {
		*space = '\0';
		file.arguments = space + 1;
	}
	if (*text == '\0')
		refuse("a file without a name", "");
	return file;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
	struct image_plan plan = {.boot_dir = "build/boot", .memory_mib = IMAGE_MEMORY_MIB_DEFAULT};
	const char *out = NULL;
	struct image_file *files;
	char error[512];
	int option, result;

	while ((option = getopt_long(argc, argv, "o:b:m:s:", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			out = optarg;
			break;
		case 'b':
			plan.boot_dir = optarg;
			break;
		case 'm':
			plan.memory_mib = mib_parse(optarg, IMAGE_MEMORY_MIB_MAX);
			break;
		case 's':
			plan.disk_mib = mib_parse(optarg, DISK_MIB_MAX);
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return EXIT_REFUSED; /* getopt has said why */
		}
	}
	if (!out)
		refuse("no image to write: give -o IMAGE", "");
	if (optind == argc)
		refuse("no kernel given", "");
	plan.count = (size_t)(argc - optind);
	files = calloc(plan.count, sizeof(*files));
	if (!files)
		refuse("no memory left", "");
	for (size_t i = 0; i < plan.count; i++)
		files[i] = file_parse(argv[optind + (int)i]);
	plan.files = files;
	result = image_write(out, &plan, error, sizeof(error));
	if (result != 0)
		fprintf(stderr, "mkimage: %s\n", error);
	free(files);
	return result == 0 ? EXIT_SUCCESS : EXIT_REFUSED;
}
