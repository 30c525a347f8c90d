/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the fuzzer's inputs once each: the files that are named, and all in folders that are. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static void replay_file(const char *path)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *file = fopen(path, "rb");

	if (!file) {
		perror(path);
		exit(2);
	}
	size_t size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	/* the last line on stderr names the input, should this be the end */
	fprintf(stderr, "%s\r", path);
	uint8_t *input =
		malloc(size ? size : 1); /* of this size, so that AddressSanitizer knows it */
	if (!input)
		abort();
	for (size_t i = 0; i < size; i++)
		input[i] = bytes[i];
	LLVMFuzzerTestOneInput(input, size);
	free(input);
	replayed++;
}

static void replay_folder(const char *path)
{
	struct dirent **entry;
	int count = scandir(path, &entry, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char name[4096];
		if (entry[i]->d_name[0] != '.') {
			snprintf(name, sizeof(name), "%s/%s", path, entry[i]->d_name);
			replay_file(name);
		}
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
}

int main(int argc, char *argv[])
{
	struct stat status;

	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
			replay_folder(argv[i]);
		else
			replay_file(argv[i]);
	}
	if (!replayed) {
		fprintf(stderr, "usage: replay FILE-OR-FOLDER...: there was nothing to replay\n");
		return 2;
	}
	fprintf(stderr, "\n");
	printf("%u inputs replayed, nothing found\n", replayed);
	return 0;
}
