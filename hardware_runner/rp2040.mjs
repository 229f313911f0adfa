// SPDX-License-Identifier: Apache-2.0
// Runs a UF2 firmware in rp2040js, which counts the cycles of a Cortex-M0+.
//
//     node rp2040.mjs FOLDER_OF_RP2040JS FIRMWARE.UF2 DESCRIPTOR
//
// Standard input and output are UART0. The file DESCRIPTOR, a socket, takes a line at a time and answers with one: `run`, then
// `running`; `pc`, then the program counter, or -1 while the core stands still.
//
// rp2040js ships no boot ROM. What that does to start a program is done here: the first 256 bytes of flash are
// compared with their CRC, copied to the end of the RAM, and run there.
// Source: RP2040 datasheet, section 2.8.1.3.1; the format of UF2: github.com/microsoft/uf2.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';

const [folder, firmware, descriptor] = process.argv.slice(2);
const { Simulator } = await import(pathToFileURL(`${folder}/dist/esm/index.js`).href);

const FLASH = 0x10000000;
const SECOND_STAGE = 0x20041f00;
const FAMILY = 0xe48bff56;
const NANOS_PER_CYCLE = 8; // 125 MHz
const BETWEEN_FEEDS = 64; // instructions
const BETWEEN_LOOKS = 20000; // at what the host wants
const IDLE_LOOKS = 100; // of the firmware at an empty receiver, after which it waits and does nothing else
const UART_DATA = 0x00;
const UART_FLAGS = 0x18;

function fail(problem) {
    process.stderr.write(`${problem}\n`);
    process.exit(2);
}

function loadUf2(flash, uf2) {
    if (uf2.length === 0 || uf2.length % 512 !== 0) fail('the firmware is no UF2 file');
    for (let at = 0; at < uf2.length; at += 512) {
        const [first, second, , address, size] = [0, 4, 8, 12, 16].map((offset) => uf2.readUInt32LE(at + offset));
        if (first !== 0x0a324655 || second !== 0x9e5d5157 || uf2.readUInt32LE(at + 508) !== 0x0ab16f30) {
            fail(`block ${at / 512} of the firmware is none of UF2`);
        }
        if (uf2.readUInt32LE(at + 28) !== FAMILY || address < FLASH || address - FLASH + size > flash.length) {
            fail(`block ${at / 512} of the firmware is for another part, or for no place in its flash`);
        }
        flash.set(uf2.subarray(at + 32, at + 32 + size), address - FLASH);
    }
}

function crcOf(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) {
        crc ^= byte << 24;
        for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    }
    return crc >>> 0;
}

function startLikeTheBootRom(chip) {
    const stage = chip.flash.slice(0, 256);
    const wanted = new DataView(stage.buffer).getUint32(252, true);
    if (crcOf(stage.subarray(0, 252)) !== wanted) fail('the CRC of the second boot stage is wrong: no RP2040 starts this');
    chip.sram.set(stage, SECOND_STAGE - 0x20000000);
    chip.core.SP = SECOND_STAGE;
    chip.core.PC = SECOND_STAGE;
}

const { rp2040: chip, clock } = new Simulator();
const complain = (part, message) => process.stderr.write(`${part}: ${message}\n`);
chip.logger = { debug() {}, info() {}, warn: complain, error: complain };
loadUf2(chip.flash, readFileSync(firmware));
startLikeTheBootRom(chip);

const { core } = chip;
const uart = chip.uart[0];
const incoming = [];
let runs = false;
let idleLooks = 0;
let sleeps = false;

const readRegister = uart.readUint32.bind(uart);
uart.readUint32 = (offset) => {
    if (offset === UART_DATA) idleLooks = 0;
    if (offset === UART_FLAGS && uart.rxFIFO.empty) idleLooks++;
    return readRegister(offset);
};
let outgoing = [];
uart.onByte = (byte) => {
    idleLooks = 0;
    outgoing.push(byte);
};

function send() {
    if (outgoing.length > 0) process.stdout.write(Buffer.from(outgoing));
    outgoing = [];
}

// The receiver holds 32 bytes and knows no line rate: it gets bytes as it drains.
function feed() {
    while (incoming.length > 0 && !uart.rxFIFO.full) uart.feedByte(incoming.shift());
}

function step() {
    for (let done = 0; done < BETWEEN_LOOKS; done += BETWEEN_FEEDS) {
        if (incoming.length > 0) feed();
        for (let i = 0; i < BETWEEN_FEEDS; i++) clock.tick(core.executeInstruction() * NANOS_PER_CYCLE);
    }
    send();
    if (idleLooks > IDLE_LOOKS && incoming.length === 0 && uart.rxFIFO.empty) sleeps = true;
    else setImmediate(step);
}

function wake() {
    if (!runs || !sleeps) return;
    sleeps = false;
    idleLooks = 0;
    setImmediate(step);
}

process.stdin.on('data', (bytes) => {
    for (const byte of bytes) incoming.push(byte);
    wake();
});
process.stdin.on('end', () => process.exit(0));

const control = new Socket({ fd: Number(descriptor) });
createInterface({ input: control }).on('line', (line) => {
    if (line === 'run' && !runs) {
        runs = true;
        setImmediate(step);
    }
    control.write(line === 'pc' ? `${runs ? core.PC >>> 0 : -1}\n` : 'running\n');
});
control.on('close', () => process.exit(0));
control.write('ready\n');
