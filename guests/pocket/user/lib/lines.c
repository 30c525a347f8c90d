/* SPDX-License-Identifier: BSD-2-Clause */
/* Text from files, line by line. */
#include "pocket.h"

void reader_begin(struct reader *reader, int32_t file)
{
	reader->file = file;
	reader->start = reader->end = 0;
}

/* The next byte: 1; 0: the end; or an error. */
static int32_t reader_byte(struct reader *reader, char *byte)
{
	if (reader->start == reader->end) {
		int32_t length = read(reader->file, reader->bytes, sizeof(reader->bytes));
		if (length <= 0)
			return length;
		reader->start = 0;
		reader->end = (uint32_t)length;
	}
	*byte = reader->bytes[reader->start++];
	return 1;
}

int32_t reader_line(struct reader *reader, char line[LINE_MAX])
{
	uint32_t length = 0;
	int32_t more = 0;

	while (length < LINE_MAX - 1 && (more = reader_byte(reader, &line[length])) > 0)
		if (line[length++] == '\n')
			break;
	bool any = length > 0;
	if (any && line[length - 1] == '\n')
		length--;
	line[length] = '\0';
	return any ? 1 : more;
}

int32_t files_each(int32_t argc, char **argv, int32_t first,
	int32_t (*function)(int32_t file, const char *name))
{
	int32_t status = 0;

	if (first >= argc)
		return function(FILE_INPUT, "") != 0;
	for (int32_t i = first; i < argc; i++) {
		int32_t file = open(argv[i], OPEN_READ);
		int32_t result = file < 0 ? file : function(file, argv[i]);
		if (file >= 0)
			close(file);
		if (result < 0)
			complain(path_name(argv[0]), argv[i], result);
		if (result != 0)
			status = 1;
	}
	return status;
}
