/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of the command line that say where devices are: virtio_guest.h. */
#include "virtio_guest.h"

#define ADDRESSES (UINT64_C(1) << 32)

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

/* A number below 4 GiB at *text, which moves behind it. */
static bool number_take(const char **text, uint64_t *value)
{
	int base = 10;

	if ((*text)[0] == '0' && ((*text)[1] | 0x20) == 'x') {
		base = 16;
		*text += 2;
	} else if ((*text)[0] == '0') {
		base = 8;
	}
	if (digit_value(**text) >= base)
		return false;
	for (*value = 0; digit_value(**text) < base; (*text)++) {
		*value = *value * (unsigned)base + (unsigned)digit_value(**text);
		if (*value >= ADDRESSES)
			return false;
	}
	return true;
}

/* The size's K, M or G. */
static unsigned suffix_take(const char **text)
{
	static const char letters[] = "kmg";

	for (unsigned i = 0; letters[i]; i++)
		if ((**text | 0x20) == letters[i]) {
			(*text)++;
			return 10 * (i + 1);
		}
	return 0;
}

static bool mark_take(const char **text, char mark)
{
	if (**text != mark)
		return false;
	(*text)++;
	return true;
}

static bool name_take(const char **text)
{
	const char *name = "virtio_mmio.device=";

	for (; *name; name++)
		if (!mark_take(text, *name))
			return false;
	return true;
}

/* One whole word. */
static bool place_take(const char *word, struct virtio_place *place)
{
	uint64_t size, address, irq, id;

	if (!name_take(&word) || !number_take(&word, &size))
		return false;
	size <<= suffix_take(&word);
	if (!mark_take(&word, '@') || !number_take(&word, &address) || !mark_take(&word, ':') ||
		!number_take(&word, &irq))
		return false;
	if (mark_take(&word, ':') && !number_take(&word, &id))
		return false;
	if ((*word && *word != ' ') || address % 4 || size < VIRTIO_MMIO_CONFIG ||
		size >= ADDRESSES - address || irq > 15)
		return false;
	*place = (struct virtio_place){(uint32_t)address, (uint32_t)size, (unsigned)irq};
	return true;
}

bool virtio_place_next(const char **words, struct virtio_place *place)
{
	while (**words) {
		const char *word = *words;

		while (**words && **words != ' ')
			(*words)++;
		while (**words == ' ')
			(*words)++;
		if (place_take(word, place))
			return true;
	}
	return false;
}
