/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs beside pong: they take turns on the processor. Whose turn comes when depends on time, so
 * only the result is printed, when both are done. */
#include "pocket.h"

#define ROUNDS 4

int32_t main(void)
{
	int32_t status, pong = start("pong");

	if (pong < 0) {
		printf("ping: there is no pong: error %d\n", pong);
		return 1;
	}
	for (int round = 0; round < ROUNDS; round++) {
		yield();
		sleep(1);
	}
	if (wait(&status) != pong || status < 0) {
		printf("ping: pong is lost\n");
		return 1;
	}
	printf("ping: %d rounds here, %d rounds there\n", ROUNDS, status);
	return 0;
}
