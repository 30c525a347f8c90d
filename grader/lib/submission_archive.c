/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes a lab's files out of an archive that nobody has looked at.
 *
 * Invariant: the archive is unpacked into memory up to a fixed size, and only then parsed, so
 * every loop over it is bounded, whatever its headers claim. Nothing is written under a name
 * that stands in the archive: only under the names that the lab lists.
 *
 * Reading: archive_read(3) and tar(5) of libarchive.
 */
#include "collection.h"
#include "text.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK          65536u
#define PATH_MAX_BYTES 4096u

/* The archive without its compression. */
struct unpacked {
	char *data;
	size_t size;
};

static enum blame unpack_refuse(struct collection *collection, struct archive *archive)
{
	const char *error = archive_error_string(archive);
	char *escaped = text_escape(error ? error : "", error ? strlen(error) : 0);
	enum blame blame = BLAME_STUDENT(collection,
		"the submission is not a folder, and not a tar archive that can be read (%s): pack "
		"it again",
		escaped);

	free(escaped);
	return blame;
}

enum blame archive_refuse_large(struct collection *collection)
{
	return BLAME_STUDENT(collection,
		"the archive holds more than %u MiB: pack the lab's files alone",
		SUBMISSION_ARCHIVE_MAX >> 20);
}

static enum blame unpack_read(
	struct collection *collection, struct archive *archive, struct unpacked *unpacked)
{
	/* The last of the bytes is only there to see that it was too much. */
	while (unpacked->size < SUBMISSION_ARCHIVE_MAX + 1) {
		size_t wanted = SUBMISSION_ARCHIVE_MAX + 1 - unpacked->size;
		ssize_t got = archive_read_data(
			archive, unpacked->data + unpacked->size, wanted < CHUNK ? wanted : CHUNK);

		if (got < 0)
			return unpack_refuse(collection, archive);
		if (got == 0)
			return BLAME_NOBODY;
		unpacked->size += (size_t)got;
	}
	return archive_refuse_large(collection);
}

/*
 * Takes off one layer of compression. Filters that libarchive leaves to other programs are not
 * asked for: a submission does not choose what runs here. One layer is enough for an honest
 * archive, and many layers can keep a machine busy without ever giving a byte.
 */
static enum blame archive_unpack(struct collection *collection, int fd, struct unpacked *unpacked)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	enum blame blame;

	unpacked->data = malloc(SUBMISSION_ARCHIVE_MAX + 1);
	if (!archive || !unpacked->data) {
		archive_read_free(archive);
		return BLAME(collection, BLAME_KIT, "no memory to read the archive");
	}
	archive_read_support_format_raw(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_lzip(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_compress(archive);
	if (archive_read_open_fd(archive, fd, CHUNK) != ARCHIVE_OK ||
		archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		blame = unpack_refuse(collection, archive);
	else if (archive_filter_count(archive) > 2) /* the file itself is one */
		blame = BLAME_STUDENT(
			collection, "the archive is compressed twice: pack it again, once");
	else
		blame = unpack_read(collection, archive, unpacked);
	archive_read_free(archive);
	return blame;
}

/* What is known of the archive's folders after the first look. */
struct shape {
	char common[PATH_MAX_BYTES];   /* the first part of all paths; "" while there was none */
	bool shared;                   /* is it the same in all of them? */
	bool lab_first, lab_second;    /* is the lab's folder the first, the second part of one? */
	char base[2 * PATH_MAX_BYTES]; /* what comes before the names of the lab's files */
};

/*
 * A path's parts with one slash between them: no "." and no empty part. False for an absolute
 * path and for one with "..".
 */
static bool path_normalize(const char *path, char normal[PATH_MAX_BYTES])
{
	size_t end = 0;

	normal[0] = '\0';
	if (*path == '/')
		return false;
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && memcmp(path, "..", 2) == 0)
			return false;
		if (length > 1 || (length == 1 && *path != '.')) {
			if (end + length + 2 > PATH_MAX_BYTES)
				break; /* no file of a lab has such a name */
			if (end > 0)
				normal[end++] = '/';
			memcpy(normal + end, path, length);
			end += length;
			normal[end] = '\0';
		}
		path += length + (path[length] == '/');
	}
	return true;
}

static bool part_equals(const char *path, const char *name)
{
	size_t length = strlen(name);

	return strncmp(path, name, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void shape_note(struct shape *shape, const struct lab *lab, const char *path, bool is_folder)
{
	size_t first = strcspn(path, "/");

	if (path[0] == '\0' || strncmp(path, "._", 2) == 0) /* ._NAME: macOS adds these */
		return;
	if (path[first] == '\0' && !is_folder)
		shape->shared = false;
	else if (shape->common[0] == '\0')
		memcpy(shape->common, path, first); /* the rest is zero already */
	else if (!part_equals(path, shape->common))
		shape->shared = false;
	shape->lab_first |= part_equals(path, lab->folder);
	shape->lab_second |= path[first] == '/' && part_equals(path + first + 1, lab->folder);
}

static void shape_decide(struct shape *shape, const struct lab *lab)
{
	bool leading = shape->shared && shape->common[0] && strcmp(shape->common, lab->folder) != 0;
	bool in_lab = leading ? shape->lab_second : shape->lab_first;

	snprintf(shape->base, sizeof(shape->base), "%s%s%s%s", leading ? shape->common : "",
		leading ? "/" : "", in_lab ? lab->folder : "", in_lab ? "/" : "");
}

static enum blame entry_take(struct collection *collection, struct archive *archive,
	struct archive_entry *entry, const char *name)
{
	enum blame blame;
	la_ssize_t size;
	char *data;

	if (archive_entry_filetype(entry) == AE_IFLNK || archive_entry_hardlink(entry))
		return BLAME_STUDENT(collection, "%s is a link: hand in the file itself", name);
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return BLAME_STUDENT(collection, "%s is a folder: hand in a file", name);
	if (archive_entry_filetype(entry) != AE_IFREG)
		return BLAME_STUDENT(
			collection, "%s is not a regular file: hand in the file itself", name);
	data = malloc(SUBMISSION_FILE_MAX + 1);
	if (!data)
		return BLAME(collection, BLAME_KIT, "no memory to read %s", name);
	size = archive_read_data(archive, data, SUBMISSION_FILE_MAX + 1);
	if (size < 0)
		blame = unpack_refuse(collection, archive);
	else if (size <= SUBMISSION_FILE_MAX && size != archive_entry_size(entry))
		/* libarchive leaves out a hole at the end of a sparse file */
		blame = BLAME_STUDENT(
			collection, "%s has holes in the archive: pack it without --sparse", name);
	else
		blame = file_store(collection, name, data, (size_t)size);
	free(data);
	return blame;
}

/* Which of the lab's files is it? NULL: none. */
static const char *path_names(
	const struct collection *collection, const char *path, const char *base)
{
	size_t length = strlen(base);

	for (size_t i = 0; collection->lab->files[i]; i++)
		if (strncmp(path, base, length) == 0 &&
			strcmp(path + length, collection->lab->files[i]) == 0)
			return collection->lab->files[i];
	return NULL;
}

/* Goes through the entries: the first time to learn the shape, the second time to take files. */
static enum blame archive_walk(
	struct collection *collection, struct archive *archive, struct shape *shape, bool taking)
{
	char path[PATH_MAX_BYTES];
	struct archive_entry *entry;
	enum blame blame = BLAME_NOBODY;
	const char *name;
	int status;

	for (unsigned count = 0; blame == BLAME_NOBODY; count++) {
		status = archive_read_next_header(archive, &entry);
		if (status == ARCHIVE_EOF)
			return BLAME_NOBODY;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return unpack_refuse(collection, archive);
		if (count == SUBMISSION_ENTRIES_MAX)
			return BLAME_STUDENT(collection,
				"the archive has more than %u entries: pack the lab's files alone",
				SUBMISSION_ENTRIES_MAX);
		/* A name that cannot be written here is none of the lab's. */
		name = archive_entry_pathname(entry);
		if (!path_normalize(name ? name : "", path))
			return BLAME_STUDENT(collection,
				"the archive has a path that leaves it (absolute, or with \"..\"): "
				"pack it again");
		if (!taking) {
			shape_note(shape, collection->lab, path,
				archive_entry_filetype(entry) == AE_IFDIR);
			continue;
		}
		name = path_names(collection, path, shape->base);
		if (name)
			blame = entry_take(collection, archive, entry, name);
	}
	return blame;
}

static enum blame archive_look(struct collection *collection, const struct unpacked *unpacked,
	struct shape *shape, bool taking)
{
	struct archive *archive = archive_read_new();
	enum blame blame;

	if (!archive)
		return BLAME(collection, BLAME_KIT, "no memory to read the archive");
	archive_read_support_format_tar(archive);
	if (archive_read_open_memory(archive, unpacked->data, unpacked->size) != ARCHIVE_OK)
		blame = unpack_refuse(collection, archive);
	else
		blame = archive_walk(collection, archive, shape, taking);
	archive_read_free(archive);
	return blame;
}

static enum blame archive_check_missing(struct collection *collection)
{
	for (size_t i = 0; collection->lab->files[i]; i++) {
		const char *name = collection->lab->files[i];

		if (!name_may_be_missing(name) && faccessat(collection->into, name, F_OK, 0) != 0)
			return BLAME_STUDENT(collection,
				"%s is missing in the archive: pack all files of the lab", name);
	}
	return BLAME_NOBODY;
}

enum blame archive_collect(struct collection *collection, int fd)
{
	struct unpacked unpacked = {0};
	struct shape shape = {.shared = true};
	enum blame blame = archive_unpack(collection, fd, &unpacked);

	if (blame == BLAME_NOBODY)
		blame = archive_look(collection, &unpacked, &shape, false);
	shape_decide(&shape, collection->lab);
	if (blame == BLAME_NOBODY)
		blame = archive_look(collection, &unpacked, &shape, true);
	if (blame == BLAME_NOBODY)
		blame = archive_check_missing(collection);
	free(unpacked.data);
	return blame;
}
