/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the kit's instruction decoder with an independent one, Zydis: is it an instruction, how
 * long is it, which one is it, which memory operands does it read and write, of how many bytes?
 *
 *     decode_oracle --random N [--seed S] [--jobs J]    N random strings of bytes
 *     decode_oracle --text FILE...                      the code of 32-bit ELF files
 *
 * Invariant: a difference counts as a disagreement unless a row of justifications[] names the
 * extension that it comes from. Such an extension is one that the machine of the kit does not have,
 * so only one kind of difference can be justified: Zydis accepts what the decoder calls invalid.
 *
 * Exit status: 0 no disagreement, 1 some, 2 the comparison could not be made.
 */
#include <fcntl.h>
#include <gelf.h>
#include <getopt.h>
#include <inttypes.h>
#include <libelf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#include "decode.h"

#define CODE_SIZES      2 /* 16 and 32 bits */
#define JOBS_MAX        64
#define REPORTS_MAX     20 /* disagreements that are shown in full */
#define PROGRESS_PERIOD 0x10000

/* What Zydis knows and the machine lacks, by what Zydis says about the instruction. */
enum justification_key { BY_ENCODING, BY_MNEMONIC, BY_ISA_SET };

#define ENCODING(name) BY_ENCODING, ZYDIS_INSTRUCTION_ENCODING_##name, #name
#define MNEMONIC(name) BY_MNEMONIC, ZYDIS_MNEMONIC_##name, #name
#define ISA_SET(name)  BY_ISA_SET, ZYDIS_ISA_SET_##name, #name

static const struct justification {
	enum justification_key key;
	unsigned value;
	const char *name;
	const char *reason;
} justifications[] = {
	{ENCODING(VEX), "C4 and C5 are LES and LDS, #UD with a register operand"},
	{ENCODING(EVEX), "62 is BOUND, #UD with a register operand"},
	{ENCODING(XOP), "8F is POP, #UD with ModRM.reg other than 0"},
	{ENCODING(3DNOW), "AMD K6-2: 0F 0F"},
	{MNEMONIC(SYSCALL), "AMD K6-2"},
	{MNEMONIC(SYSRET), "AMD K6-2"},
	{ISA_SET(ADOX_ADCX), "ADCX, ADOX"},
	{ISA_SET(AES), "AESENC and its family"},
	{ISA_SET(AMD3DNOW), "FEMMS"},
	{ISA_SET(AMD_INVLPGB), "INVLPGB, TLBSYNC"},
	{ISA_SET(CET), "shadow stacks"},
	{ISA_SET(CLFLUSHOPT), "CLFLUSHOPT"},
	{ISA_SET(CLWB), "CLWB"},
	{ISA_SET(CLZERO), "CLZERO"},
	{ISA_SET(ENQCMD), "ENQCMD, ENQCMDS"},
	{ISA_SET(GFNI), "Galois field arithmetic"},
	{ISA_SET(HRESET), "HRESET"},
	{ISA_SET(INVPCID), "INVPCID"},
	{ISA_SET(KEYLOCKER), "AES with wrapped keys"},
	{ISA_SET(KEYLOCKER_WIDE), "AES with wrapped keys"},
	{ISA_SET(MCOMMIT), "MCOMMIT"},
	{ISA_SET(MONITORX), "MONITORX, MWAITX"},
	{ISA_SET(MOVBE), "MOVBE"},
	{ISA_SET(MOVDIR), "MOVDIRI, MOVDIR64B"},
	{ISA_SET(PADLOCK_ACE), "VIA's XCRYPT"},
	{ISA_SET(PADLOCK_PHE), "VIA's XSHA"},
	{ISA_SET(PADLOCK_PMM), "VIA's MONTMUL"},
	{ISA_SET(PADLOCK_RNG), "VIA's XSTORE"},
	{ISA_SET(PCLMULQDQ), "PCLMULQDQ"},
	{ISA_SET(PCONFIG), "PCONFIG"},
	{ISA_SET(PKU), "RDPKRU, WRPKRU"},
	{ISA_SET(PT), "PTWRITE"},
	{ISA_SET(RDPID), "RDPID"},
	{ISA_SET(RDPRU), "RDPRU"},
	{ISA_SET(RDRAND), "RDRAND"},
	{ISA_SET(RDSEED), "RDSEED"},
	{ISA_SET(RDTSCP), "RDTSCP"},
	{ISA_SET(RTM), "XBEGIN, XEND, XABORT, XTEST"},
	{ISA_SET(SERIALIZE), "SERIALIZE"},
	{ISA_SET(SGX), "ENCLS, ENCLU"},
	{ISA_SET(SGX_ENCLV), "ENCLV"},
	{ISA_SET(SHA), "SHA1 and SHA256 rounds"},
	{ISA_SET(SMAP), "CLAC, STAC"},
	{ISA_SET(SMX), "GETSEC"},
	{ISA_SET(SNP), "PVALIDATE"},
	{ISA_SET(SSE4A), "AMD's EXTRQ, INSERTQ, MOVNTSS, MOVNTSD"},
	{ISA_SET(SVM), "VMRUN and its family"},
	{ISA_SET(TDX), "TDCALL"},
	{ISA_SET(TSX_LDTRK), "XSUSLDTRK, XRESLDTRK"},
	{ISA_SET(VMFUNC), "VMFUNC"},
	{ISA_SET(VTX), "VMX"},
	{ISA_SET(WAITPKG), "UMONITOR, UMWAIT, TPAUSE"},
	{ISA_SET(XSAVE), "XSAVE, XRSTOR, XGETBV, XSETBV"},
	{ISA_SET(XSAVEC), "XSAVEC"},
	{ISA_SET(XSAVEOPT), "XSAVEOPT"},
	{ISA_SET(XSAVES), "XSAVES, XRSTORS"},
};

#define JUSTIFICATIONS (sizeof(justifications) / sizeof(justifications[0]))

/* The same instruction under two names: ours, Zydis's. */
static const struct {
	const char *ours, *theirs;
} aliases[] = {
	{"call far", "call"}, {"jmp far", "jmp"}, {"retf", "ret"}, {"xlatb", "xlat"},
	{"fneni", "feni8087_nop"}, {"fndisi", "fdisi8087_nop"}, {"fnsetpm", "fsetpm287_nop"},
	{"prefetch", "prefetchwt1"}, /* 0F 0D /2: a hint either way */
};

/* The same condition under two names, after "j", "set" or "cmov". */
static const struct {
	const char *ours, *theirs;
} conditions[] = {{"e", "z"}, {"ne", "nz"}, {"ae", "nb"}, {"a", "nbe"}, {"ge", "nl"}, {"g", "nle"}};

struct tally {
	uint64_t compared;
	uint64_t both_valid;
	uint64_t both_invalid;
	uint64_t justified[JUSTIFICATIONS];
	uint64_t disagreements;
};

static ZydisDecoder zydis[CODE_SIZES];
static atomic_uint reports;
static atomic_uint_fast64_t progress;

/* Zydis for this machine: what later extensions took over means what it meant before. */
static void zydis_prepare(void)
{
	static const ZydisDecoderMode later[] = {ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_CET,
		ZYDIS_DECODER_MODE_LZCNT, ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD,
		ZYDIS_DECODER_MODE_CLDEMOTE};

	ZydisDecoderInit(&zydis[0], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
	ZydisDecoderInit(&zydis[1], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
	for (unsigned size = 0; size < CODE_SIZES; size++)
		for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++)
			ZydisDecoderEnableMode(&zydis[size], later[i], ZYAN_FALSE);
}

/* The row that justifies Zydis's accepting an instruction that the decoder rejects, or NULL. */
static const struct justification *justification_find(const ZydisDecodedInstruction *theirs)
{
	const unsigned value[] = {
		[BY_ENCODING] = theirs->encoding,
		[BY_MNEMONIC] = theirs->mnemonic,
		[BY_ISA_SET] = theirs->meta.isa_set,
	};

	for (unsigned i = 0; i < JUSTIFICATIONS; i++)
		if (justifications[i].value == value[justifications[i].key])
			return &justifications[i];
	return NULL;
}

/* Whether ours is prefix + a condition's name, and theirs the same prefix + its other name. */
static bool condition_is_same(const char *prefix, const char *ours, const char *theirs)
{
	size_t length = strlen(prefix);

	if (strncmp(ours, prefix, length) != 0 || strncmp(theirs, prefix, length) != 0)
		return false;
	for (unsigned i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (strcmp(ours + length, conditions[i].ours) == 0 &&
			strcmp(theirs + length, conditions[i].theirs) == 0)
			return true;
	return false;
}

static bool mnemonic_is_same(const char *ours, const char *theirs)
{
	if (strcmp(ours, theirs) == 0)
		return true;
	for (unsigned i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(ours, aliases[i].ours) == 0 && strcmp(theirs, aliases[i].theirs) == 0)
			return true;
	return condition_is_same("j", ours, theirs) || condition_is_same("set", ours, theirs) ||
	       condition_is_same("cmov", ours, theirs);
}

/* Prints one disagreement: the bytes, and what each decoder makes of them. */
static void disagreement_report(const uint8_t *bytes, size_t available, unsigned code_size,
	enum decode_status status, const struct insn *ours, const ZydisDecodedInstruction *theirs)
{
	static const char *const status_name[] = {
		[DECODE_OK] = "ok",
		[DECODE_INVALID] = "invalid",
		[DECODE_TOO_LONG] = "too long",
		[DECODE_TRUNCATED] = "truncated",
	};
	char text[INSN_TEXT_SIZE] = "";

	if (atomic_fetch_add(&reports, 1) >= REPORTS_MAX)
		return;
	flockfile(stdout);
	printf("%u-bit:", code_size);
	for (size_t i = 0; i < available; i++)
		printf(" %02x", bytes[i]);
	if (status == DECODE_OK)
		insn_format(ours, 0, text, sizeof(text));
	printf("\n    decoder: %s", status_name[status]);
	if (status == DECODE_OK)
		printf(", %u bytes, %s", ours->length, text);
	if (theirs)
		printf("\n    zydis:   ok, %u bytes, %s (set %s, extension %s)\n", theirs->length,
			ZydisMnemonicGetString(theirs->mnemonic),
			ZydisISASetGetString(theirs->meta.isa_set),
			ZydisISAExtGetString(theirs->meta.isa_ext));
	else
		printf("\n    zydis:   invalid\n");
	funlockfile(stdout);
}

/* ---- memory operands ---- */

/* Our number of a general register, or INSN_NO_REGISTER. */
static unsigned register_number(ZydisRegister theirs)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(theirs);

	if (class != ZYDIS_REGCLASS_GPR16 && class != ZYDIS_REGCLASS_GPR32)
		return INSN_NO_REGISTER;
	return (unsigned)ZydisRegisterGetId(theirs);
}

static bool operand_is_same(const struct insn_operand *ours, const ZydisDecodedOperand *theirs)
{
	unsigned use = (theirs->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? USE_READS : 0) |
		       (theirs->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? USE_WRITES : 0);

	if (theirs->type != ZYDIS_OPERAND_TYPE_MEMORY || theirs->mem.type != ZYDIS_MEMOP_TYPE_MEM ||
		register_number(theirs->mem.base) != ours->base)
		return false;
	return use == ours->use && theirs->size == ours->size * 8u;
}

/* Each memory operand of ours that is used is one of theirs, used in the same way. */
static bool memory_is_same(const struct insn *ours, const ZydisDecodedInstruction *theirs,
	const ZydisDecodedOperand operand[])
{
	struct insn_operand mine[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(ours, mine);

	for (unsigned i = 0; i < count; i++) {
		unsigned j = 0;
		if (!mine[i].use)
			continue;
		while (j < theirs->operand_count && !operand_is_same(&mine[i], &operand[j]))
			j++;
		if (j == theirs->operand_count)
			return false;
	}
	return true;
}

/* Compares one string of bytes. Returns how far a walk through code may go on: 1 byte if unsure. */
static unsigned instruction_compare(
	struct tally *tally, const uint8_t *bytes, size_t available, unsigned code_size)
{
	struct insn ours;
	ZydisDecodedInstruction theirs;
	ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
	const struct justification *row = NULL;
	enum decode_status status = insn_decode(&ours, bytes, available, code_size);
	bool accepted = ZYAN_SUCCESS(ZydisDecoderDecodeFull(
		&zydis[code_size == 32], bytes, available, &theirs, operand));

	tally->compared++;
	if (status != DECODE_OK && !accepted) {
		tally->both_invalid++;
		return 1;
	}
	if (status == DECODE_OK && accepted && ours.length == theirs.length &&
		mnemonic_is_same(insn_mnemonic_name(ours.mnemonic),
			ZydisMnemonicGetString(theirs.mnemonic)) &&
		memory_is_same(&ours, &theirs, operand)) {
		tally->both_valid++;
		return ours.length;
	}
	if (status == DECODE_INVALID && accepted)
		row = justification_find(&theirs);
	if (row) {
		tally->justified[row - justifications]++;
		return theirs.length;
	}
	tally->disagreements++;
	disagreement_report(bytes, available, code_size, status, &ours, accepted ? &theirs : NULL);
	return 1;
}

static void tally_add(struct tally *sum, const struct tally *part)
{
	sum->compared += part->compared;
	sum->both_valid += part->both_valid;
	sum->both_invalid += part->both_invalid;
	sum->disagreements += part->disagreements;
	for (unsigned i = 0; i < JUSTIFICATIONS; i++)
		sum->justified[i] += part->justified[i];
}

static void tally_print(const struct tally *tally, const char *what)
{
	uint64_t justified = 0;

	for (unsigned i = 0; i < JUSTIFICATIONS; i++)
		justified += tally->justified[i];
	printf("%" PRIu64 " %s, %" PRIu64 " both valid, %" PRIu64 " both invalid, %" PRIu64
	       " justified differences, %" PRIu64 " disagreements\n",
		tally->compared, what, tally->both_valid, tally->both_invalid, justified,
		tally->disagreements);
	for (unsigned i = 0; i < JUSTIFICATIONS; i++)
		if (tally->justified[i])
			printf("%12" PRIu64 "  %-15s %s\n", tally->justified[i],
				justifications[i].name, justifications[i].reason);
}

/* ---- Random strings of bytes ---- */

struct job {
	pthread_t thread;
	uint64_t state; /* of the random numbers; never 0 */
	uint64_t count;
	struct tally tally;
};

/* xorshift64*: Marsaglia's xorshift with Vigna's multiplier. */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545F4914F6CDD1Du;
}

/*
 * Fills in a string that is likely to get far: some prefixes, often one of the maps behind 0F, then
 * anything. 4 strings of 10 have no prefix, 1 of 100 has more than 4.
 */
static void random_fill(uint64_t *state, uint8_t bytes[INSN_MAX_LENGTH])
{
	static const uint8_t prefix[] = {0x66, 0xF2, 0xF3, 0x67, 0xF0, 0x26, 0x2E, 0x36, 0x3E, 0x64,
		0x65, 0x66, 0xF2, 0xF3, 0x66, 0x67};
	uint64_t low = random_next(state);
	uint64_t high = random_next(state);
	uint64_t shape = random_next(state);
	unsigned at = 0;

	memcpy(bytes, &low, 8);
	memcpy(bytes + 8, &high, 7);
	for (; at < 12 && (shape & 7) < 3; shape >>= 3, at++)
		bytes[at] = prefix[bytes[at] & 15];
	shape = high >> 56;
	if (shape & 1) {
		bytes[at++] = 0x0F;
		if ((shape & 6) == 0)
			bytes[at++] = shape & 8 ? 0x38 : 0x3A;
	}
}

static void *job_run(void *argument)
{
	struct job *job = argument;
	uint8_t bytes[INSN_MAX_LENGTH];

	for (uint64_t i = 0; i < job->count; i++) {
		random_fill(&job->state, bytes);
		instruction_compare(&job->tally, bytes, sizeof(bytes), i & 1 ? 32 : 16);
		if (i % PROGRESS_PERIOD == 0)
			atomic_fetch_add(&progress, PROGRESS_PERIOD);
	}
	return NULL;
}

static void progress_show(uint64_t count)
{
	uint64_t done;

	if (!isatty(STDERR_FILENO))
		return;
	while ((done = atomic_load(&progress)) < count) {
		fprintf(stderr, "\r%3u %% of %" PRIu64, (unsigned)(done * 100 / count), count);
		usleep(100000);
	}
	fprintf(stderr, "\r%40s\r", "");
}

static void random_compare(struct tally *tally, uint64_t count, uint64_t seed, unsigned jobs)
{
	struct job job[JOBS_MAX] = {0};

	for (unsigned i = 0; i < jobs; i++) {
		job[i].state = (seed * JOBS_MAX + i + 1) * 0x9E3779B97F4A7C15u | 1;
		job[i].count = count / jobs + (i < count % jobs);
		if (pthread_create(&job[i].thread, NULL, job_run, &job[i]) != 0) {
			fprintf(stderr,
				"decode_oracle: cannot start job %u; try a smaller --jobs\n", i);
			exit(2);
		}
	}
	progress_show(count);
	for (unsigned i = 0; i < jobs; i++) {
		pthread_join(job[i].thread, NULL);
		tally_add(tally, &job[i].tally);
	}
}

/* ---- The code of ELF files ---- */

static void section_compare(struct tally *tally, const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t left = size - at;

		at += instruction_compare(
			tally, bytes + at, left < INSN_MAX_LENGTH ? left : INSN_MAX_LENGTH, 32);
	}
}

/* Returns NULL, or what is wrong with the file. */
static const char *elf_compare(struct tally *tally, Elf *elf)
{
	Elf32_Ehdr *header = elf ? elf32_getehdr(elf) : NULL;
	Elf_Scn *section = NULL;

	if (!header || header->e_machine != EM_386)
		return "not an ELF file for 32-bit x86; compile with gcc -m32";
	while ((section = elf_nextscn(elf, section)) != NULL) {
		Elf32_Shdr *about = elf32_getshdr(section);
		Elf_Data *data;

		if (!about || about->sh_type != SHT_PROGBITS || !(about->sh_flags & SHF_EXECINSTR))
			continue;
		data = elf_rawdata(section, NULL);
		if (!data)
			return "a section cannot be read; the file is damaged";
		section_compare(tally, data->d_buf, data->d_size);
	}
	return NULL;
}

static void file_compare(struct tally *tally, const char *path)
{
	const char *problem;
	Elf *elf;
	int file = open(path, O_RDONLY);

	if (file < 0) {
		perror(path);
		exit(2);
	}
	elf = elf_begin(file, ELF_C_READ, NULL);
	problem = elf_compare(tally, elf);
	if (problem) {
		fprintf(stderr, "decode_oracle: %s: %s\n", path, problem);
		exit(2);
	}
	elf_end(elf);
	close(file);
}

/* ---- Command line ---- */

static void usage_exit(void)
{
	fprintf(stderr,
		"usage: decode_oracle --random N [--seed S] [--jobs J (1 to %d)]\n"
		"       decode_oracle --text FILE...\n",
		JOBS_MAX);
	exit(2);
}

static uint64_t number_parse(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*text == '\0' || *text == '-' || *end != '\0' || value < least || value > most)
		usage_exit();
	return value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"random", required_argument, NULL, 'r'},
		{"seed", required_argument, NULL, 's'},
		{"jobs", required_argument, NULL, 'j'},
		{"text", no_argument, NULL, 't'},
		{0},
	};
	struct tally tally = {0};
	uint64_t count = 0, seed = 1;
	unsigned jobs = 1;
	bool text = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'r')
			count = number_parse(optarg, 1, UINT64_MAX);
		else if (option == 's')
			seed = number_parse(optarg, 0, UINT64_MAX);
		else if (option == 'j')
			jobs = (unsigned)number_parse(optarg, 1, JOBS_MAX);
		else if (option == 't')
			text = true;
		else
			usage_exit();
	}
	if (text == (count != 0) || text != (optind < argc))
		usage_exit();

	zydis_prepare();
	elf_version(EV_CURRENT);
	if (text)
		for (int i = optind; i < argc; i++)
			file_compare(&tally, argv[i]);
	else
		random_compare(&tally, count, seed, jobs);
	tally_print(&tally, text ? "instructions" : "strings");
	return tally.disagreements ? 1 : 0;
}
