/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executes single instructions on the host's own processor, in 32-bit mode: for each struct native
 * on standard input one on standard output, with the registers after the instruction.
 *
 * The way to an instruction is the return from a signal handler, whose frame has the registers; TF
 * brings the next signal behind it. The frames lie on a stack of their own, since ESP is the
 * test's. x87, MMX and SSE registers keep what the instruction before has left.
 */
#include "native.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define TF 0x100

static struct native now;
static gregset_t home; /* where main() goes on */

static const int registers[8] = {
	REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};

/* From main() to the instruction. */
static void go(int signal, siginfo_t *info, void *frame)
{
	greg_t *gregs = ((ucontext_t *)frame)->uc_mcontext.gregs;

	(void)signal, (void)info;
	memcpy(home, gregs, sizeof(home));
	for (unsigned i = 0; i < 8; i++)
		gregs[registers[i]] = (greg_t)now.general[i];
	gregs[REG_EIP] = (greg_t)now.eip;
	gregs[REG_EFL] = (greg_t)(now.eflags | TF);
}

/* And back. */
static void come_back(int signal, siginfo_t *info, void *frame)
{
	greg_t *gregs = ((ucontext_t *)frame)->uc_mcontext.gregs;

	(void)info;
	if (signal == SIGTRAP && (uint32_t)gregs[REG_EIP] == now.eip && --now.steps)
		return;
	for (unsigned i = 0; i < 8; i++)
		now.general[i] = (uint32_t)gregs[registers[i]];
	now.eip = (uint32_t)gregs[REG_EIP];
	now.eflags = (uint32_t)gregs[REG_EFL] & ~(uint32_t)TF;
	now.signal = signal == SIGTRAP ? 0 : (uint32_t)signal;
	memcpy(gregs, home, sizeof(home));
}

static void signals_take(void)
{
	static const int stops[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	static uint8_t stack[65536];
	const stack_t about = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigaltstack(&about, NULL);
	action.sa_sigaction = go;
	sigaction(SIGUSR1, &action, NULL);
	action.sa_sigaction = come_back;
	for (unsigned i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigaction(stops[i], &action, NULL);
}

int main(void)
{
	void *memory = mmap((void *)NATIVE_FIRST, NATIVE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_SHARED | MAP_FIXED, NATIVE_MEMORY, 0);

	if (memory == MAP_FAILED) {
		perror("native: it wants a file of memory as descriptor 3");
		return EXIT_FAILURE;
	}
	signals_take();
	while (read(STDIN_FILENO, &now, sizeof(now)) == sizeof(now)) {
		raise(SIGUSR1);
		if (write(STDOUT_FILENO, &now, sizeof(now)) != sizeof(now))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
