/* SPDX-License-Identifier: BSD-2-Clause */
/* forkwait N: starts a child that ends at once, and waits for it, N times. */
#include "pocket.h"

int32_t main(int32_t argc, char **argv)
{
	uint32_t wanted = argc > 1 ? number_read(argv[1]) : 1, done = 0;
	int32_t status;

	while (done < wanted) {
		int32_t child = fork();
		if (child == 0)
			exit((int32_t)(done % 100));
		if (child < 0 || waitpid(child, &status) != child ||
			status != (int32_t)(done % 100))
			break;
		done++;
	}
	printf("forkwait: %u of %u children\n", done, wanted);
	return done != wanted;
}
