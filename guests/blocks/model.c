/* SPDX-License-Identifier: BSD-2-Clause */
/* What the disk must hold: one sum for each sector that has been read or written. */
#include "blocks.h"
#include "random.h"

static uint32_t sums[MODEL_SECTORS];
static bool known[MODEL_SECTORS];

uint32_t sum_of(const void *data, uint32_t bytes, uint32_t sum)
{
	const uint32_t *words = data;

	for (uint32_t i = 0; i < bytes / 4; i++)
		sum = sum * 31 + words[i];
	return sum;
}

void model_fill(struct transfer *transfer)
{
	uint32_t *words = (uint32_t *)transfer->data;

	for (uint32_t i = 0; i < transfer->count * SECTOR_SIZE / 4; i++)
		words[i] = random_u32();
}

bool model_check(const struct transfer *transfer)
{
	bool good = true;

	for (uint32_t i = 0; i < transfer->count; i++) {
		uint32_t sector = transfer->sector + i;
		uint32_t sum = sum_of(transfer->data + i * SECTOR_SIZE, SECTOR_SIZE, 1);

		if (transfer->kind == TRANSFER_READ && known[sector] && sums[sector] != sum)
			good = false;
		if (transfer->kind == TRANSFER_WRITE || !known[sector])
			sums[sector] = sum;
		known[sector] = true;
	}
	return good;
}
