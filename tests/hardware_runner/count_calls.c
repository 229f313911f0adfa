/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of QEMU's code generator: how many instructions are executed between two addresses.
 *
 * Arguments: begin=ADDRESS, end=ADDRESS, out=FILE. Counting starts with the instruction at `begin`, inclusive, and
 * stops with the one at `end`, exclusive; each count is a line of FILE.
 * What is declared here is alike in version 1 of the interface (QEMU 4.2 to 8.2) and version 2 (from 9.0); the
 * command line that compiles it chooses PLUGIN_VERSION.
 * Source: QEMU documentation, "QEMU TCG Plugins", API. */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { NO_REGISTERS = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*translated)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*executed)(unsigned int, void *), int flags,
                                            void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) extern int qemu_plugin_version;
int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t begin, end, count;
static bool counting;
static FILE *out;

static void executed(unsigned int cpu, void *data)
{
    (void)cpu;
    uint64_t const address = (uint64_t)(uintptr_t)data;
    if (address == begin && !counting) {
        counting = true;
        count = 0;
    } else if (address == end && counting) {
        counting = false;
        fprintf(out, "%" PRIu64 "\n", count);
        fflush(out);
    }
    count += counting;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); ++i) {
        struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(tb, i);
        void *const address = (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, NO_REGISTERS, address);
    }
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info,
                                                               int argc, char **argv);
int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; ++i) {
        const char *const value = strchr(argv[i], '=') + 1;
        if (argv[i][0] == 'b') {
            begin = strtoull(value, NULL, 0);
        } else if (argv[i][0] == 'e') {
            end = strtoull(value, NULL, 0);
        } else {
            out = fopen(value, "w");
        }
    }
    if (out == NULL) {
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
