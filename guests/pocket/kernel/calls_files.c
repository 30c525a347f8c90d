/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls for what is open: see calls.h.
 *
 * Between a program's memory and a file there is always a piece of the kernel's: no lock of a file
 * is held while the program's memory is touched, which may sleep and may fail.
 */
#include "calls.h"

#include "file.h"
#include "frames.h"
#include "task.h"
#include "user_memory.h"

#define SMALL_BYTES 512u

/* Memory for the way between. Large pieces spare the disk work; where there is no memory, small
 * ones must do. */
struct piece {
	uint8_t small[SMALL_BYTES];
	uint8_t *frame; /* NULL: none */
	uint8_t *bytes;
	uint32_t size;
};

static void piece_begin(struct piece *piece, uint32_t wanted)
{
	piece->frame = wanted > SMALL_BYTES ? frames_allocate(1) : NULL;
	piece->bytes = piece->frame ? piece->frame : piece->small;
	piece->size = piece->frame ? PAGE_SIZE : SMALL_BYTES;
}

static void piece_end(struct piece *piece)
{
	if (piece->frame)
		frames_free(piece->frame, 1);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static struct file *file_of(uint32_t descriptor)
{
	return files_get(&task_current()->files, descriptor);
}

/* Ends early where the file takes less, or the task is to end. */
static int32_t pieces_write(
	struct file *file, struct piece *piece, uint32_t pointer, uint32_t length)
{
	uint32_t done = 0;

	do {
		uint32_t size = smaller(length - done, piece->size);
		if (!user_read(piece->bytes, pointer + done, size))
			return done > 0 ? (int32_t)done : ERROR_POINTER;
		int32_t count = file_write(file, piece->bytes, size);
		if (count < 0)
			return done > 0 ? (int32_t)done : count;
		done += (uint32_t)count;
		if ((uint32_t)count < size)
			break;
	} while (done < length && !task_current()->killed);
	return (int32_t)done;
}

int32_t call_write(uint32_t descriptor, uint32_t pointer, uint32_t length)
{
	struct file *file = file_of(descriptor);
	struct piece piece;

	if (!file)
		return ERROR_DESCRIPTOR;
	if (!user_range_is_good(pointer, length))
		return ERROR_POINTER;
	piece_begin(&piece, length);
	int32_t result = pieces_write(file, &piece, pointer, length);
	piece_end(&piece);
	return result;
}

/* A console or a pipe gives what it has. The rest may be long in coming. */
static int32_t pieces_read(
	struct file *file, struct piece *piece, uint32_t pointer, uint32_t length)
{
	uint32_t done = 0;

	do {
		uint32_t size = smaller(length - done, piece->size);
		int32_t count = file_read(file, piece->bytes, size);
		if (count < 0)
			return done > 0 ? (int32_t)done : count;
		if (!user_write(pointer + done, piece->bytes, (uint32_t)count))
			return ERROR_POINTER;
		done += (uint32_t)count;
		if ((uint32_t)count < size)
			break;
	} while (done < length && !file_may_wait(file));
	return (int32_t)done;
}

int32_t call_read(uint32_t descriptor, uint32_t pointer, uint32_t size)
{
	struct file *file = file_of(descriptor);
	struct piece piece;

	if (!file)
		return ERROR_DESCRIPTOR;
	if (!user_range_is_good(pointer, size))
		return ERROR_POINTER;
	piece_begin(&piece, size);
	int32_t result = pieces_read(file, &piece, pointer, size);
	piece_end(&piece);
	return result;
}

/* Gives the file a descriptor, or closes it again. */
static int32_t file_enter(struct file *file)
{
	int32_t descriptor = files_add(&task_current()->files, file);

	if (descriptor < 0)
		file_close(file);
	return descriptor;
}

int32_t call_open(uint32_t pointer, uint32_t flags, uint32_t edx)
{
	char path[PATH_MAX];
	struct file *file;
	int32_t error = user_string(pointer, path, sizeof(path));

	(void)edx;
	if (error < 0)
		return error;
	if (flags & ~OPEN_FLAGS || (flags & OPEN_TRUNCATE && !(flags & OPEN_WRITE)))
		return ERROR_ARGUMENT;
	error = file_open(task_current()->files.directory, path, flags, &file);
	return error < 0 ? error : file_enter(file);
}

int32_t call_close(uint32_t descriptor, uint32_t ecx, uint32_t edx)
{
	struct file *file = file_of(descriptor);

	(void)ecx, (void)edx;
	if (!file)
		return ERROR_DESCRIPTOR;
	task_current()->files.file[descriptor] = NULL;
	file_close(file);
	return 0;
}

int32_t call_seek(uint32_t descriptor, uint32_t offset, uint32_t from)
{
	struct file *file = file_of(descriptor);

	return file ? file_seek(file, (int32_t)offset, from) : ERROR_DESCRIPTOR;
}

/* What was open with the wanted number is closed. */
int32_t call_duplicate(uint32_t descriptor, uint32_t wanted, uint32_t edx)
{
	struct file *file = file_of(descriptor), *old = file_of(wanted);

	(void)edx;
	if (!file)
		return ERROR_DESCRIPTOR;
	if (wanted == UINT32_MAX)
		return file_enter(file_share(file));
	if (wanted >= FILES_MAX)
		return ERROR_DESCRIPTOR;
	if (file == old)
		return (int32_t)wanted;
	task_current()->files.file[wanted] = file_share(file);
	if (old)
		file_close(old);
	return (int32_t)wanted;
}

int32_t call_pipe(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	struct files *files = &task_current()->files;
	struct file *reader, *writer;
	int32_t ends[2], error = file_open_pipe(&reader, &writer);

	(void)ecx, (void)edx;
	if (error < 0)
		return error;
	ends[0] = files_add(files, reader);
	ends[1] = ends[0] < 0 ? ends[0] : files_add(files, writer);
	if (ends[1] >= 0 && user_write(pointer, ends, sizeof(ends)))
		return 0;
	error = ends[1] < 0 ? ends[1] : ERROR_POINTER;
	for (unsigned i = 0; i < 2; i++)
		if (ends[i] >= 0)
			files->file[ends[i]] = NULL;
	file_close(reader);
	file_close(writer);
	return error;
}

int32_t call_status(uint32_t descriptor, uint32_t pointer, uint32_t edx)
{
	struct file *file = file_of(descriptor);
	struct file_status status;

	(void)edx;
	if (!file)
		return ERROR_DESCRIPTOR;
	file_status(file, &status);
	return user_write(pointer, &status, sizeof(status)) ? 0 : ERROR_POINTER;
}

int32_t call_next_name(uint32_t descriptor, uint32_t pointer, uint32_t edx)
{
	struct file *file = file_of(descriptor);
	struct directory_name name;

	(void)edx;
	if (!file)
		return ERROR_DESCRIPTOR;
	int32_t more = file_next_name(file, &name);
	if (more > 0 && !user_write(pointer, &name, sizeof(name)))
		return ERROR_POINTER;
	return more;
}

int32_t call_truncate(uint32_t descriptor, uint32_t size, uint32_t edx)
{
	struct file *file = file_of(descriptor);

	(void)edx;
	return file ? file_truncate(file, size) : ERROR_DESCRIPTOR;
}
