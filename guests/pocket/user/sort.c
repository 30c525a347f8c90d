/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the lines of files, or of its input, in the order of their bytes. */
#include "pocket.h"

struct line {
	struct line *next;
	char text[];
};

static struct line *lines;

/* Merges two sorted lists. Equal lines of `a` come first. */
static struct line *lists_merge(struct line *a, struct line *b)
{
	struct line *merged = NULL, **end = &merged;

	while (a && b) {
		struct line **least = strcmp(a->text, b->text) <= 0 ? &a : &b;
		*end = *least;
		end = &(*least)->next;
		*least = *end;
	}
	*end = a ? a : b;
	return merged;
}

static struct line *list_sort(struct line *list)
{
	struct line *slow = list, *fast = list ? list->next : NULL;

	if (!fast)
		return list;
	while (fast && fast->next) {
		slow = slow->next;
		fast = fast->next->next;
	}
	struct line *half = slow->next;
	slow->next = NULL;
	return lists_merge(list_sort(list), list_sort(half));
}

static int32_t file_take(int32_t file, const char *name)
{
	static struct reader reader;
	char text[LINE_MAX];
	int32_t more;

	(void)name;
	reader_begin(&reader, file);
	while ((more = reader_line(&reader, text)) > 0) {
		uint32_t size = strlen(text) + 1;
		struct line *line = malloc(sizeof(*line) + size);
		if (!line)
			return ERROR_MEMORY;
		memcpy(line->text, text, size);
		line->next = lines;
		lines = line;
	}
	return more;
}

int32_t main(int32_t argc, char **argv)
{
	int32_t status = files_each(argc, argv, 1, file_take);

	for (struct line *line = list_sort(lines); line; line = line->next)
		printf("%s\n", line->text);
	return status;
}
