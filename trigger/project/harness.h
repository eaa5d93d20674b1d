// Feeds raw integers to an HLS top function and hands back raw integers, for any fixed-point width.
//
// A raw integer travels as little-endian two's complement: outputs in 1, 2, 4 or 8 bytes, whatever
// holds the width, inputs in 8; above 64 bits both take as many 8-byte words as needed.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <pthread.h>
#include <streambuf>
#include <string>
#include <unistd.h>
#include <vector>

#include "ap_fixed.h"
#include "ap_int.h"
#include "hls_stream.h"

// What hls4ml's own tracing expects to be linked with; it stays off.
namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace nnet

namespace trigger_csim {

[[noreturn]] inline void stop(const std::string &message) {
    fprintf(stderr, "csim: %s\n", message.c_str());
    fflush(stderr);
    _exit(4);
}

// The fixed-point types, each with the width and sign that its bits have.
template <class T> struct Fixed; // another type than these four has no raw integer
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> struct Fixed<ap_fixed<W, I, Q, O, N>> {
    static const int width = W, integer = I, is_signed = 1;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> struct Fixed<ap_ufixed<W, I, Q, O, N>> {
    static const int width = W, integer = I, is_signed = 0;
};
template <int W> struct Fixed<ap_int<W>> {
    static const int width = W, integer = W, is_signed = 1;
};
template <int W> struct Fixed<ap_uint<W>> {
    static const int width = W, integer = W, is_signed = 0;
};

// What a stream transports: one number, or an array of numbers.
template <class T> struct Pack {
    typedef T element;
    static const unsigned size = 1;
    static T &at(T &pack, unsigned) { return pack; }
};
template <class T, unsigned N> struct Pack<nnet::array<T, N>> {
    typedef T element;
    static const unsigned size = N;
    static T &at(nnet::array<T, N> &pack, unsigned index) { return pack[index]; }
};

template <class T> std::uint64_t word(const T &number, int index) {
    const int width = Fixed<T>::width, low = 64 * index;
    const int high = low + 63 < width - 1 ? low + 63 : width - 1;
    std::uint64_t bits = const_cast<T &>(number).range(high, low).to_uint64();
    const int used = high - low + 1;
    if (Fixed<T>::is_signed && used < 64 && (bits >> (used - 1)) & 1)
        bits |= ~std::uint64_t(0) << used;
    return bits;
}

// ---- results -----------------------------------------------------------------------------------

struct Record {
    bool wanted = false;
    int bytes = 0, is_signed = 0;
    long elements = -1; // of one event; known after the first
    std::vector<char> data;

    template <class T> void put(const T &number) {
        const int width = Fixed<T>::width;
        is_signed = Fixed<T>::is_signed;
        bytes = width <= 8 ? 1 : width <= 16 ? 2 : width <= 32 ? 4 : (width + 63) / 64 * 8;
        for (int at = 0; at < bytes; at += 8) {
            const std::uint64_t bits = word(number, at / 8);
            const char *first = reinterpret_cast<const char *>(&bits);
            data.insert(data.end(), first, first + (bytes < 8 ? bytes : 8));
        }
    }
};

inline std::vector<Record> &records() {
    static std::vector<Record> all;
    return all;
}

template <class T> void save(int index, T *data, size_t elements) {
    Record &record = records()[index];
    if (record.wanted)
        for (size_t i = 0; i < elements; i++)
            record.put(data[i]);
}

// A stream is emptied and filled again, so that the next layer finds what it would have found.
template <class T> void save(int index, hls::stream<T> &stream, size_t) {
    Record &record = records()[index];
    if (!record.wanted)
        return;
    std::vector<T> packs;
    while (!stream.empty())
        packs.push_back(stream.read());
    for (T &pack : packs) {
        for (unsigned i = 0; i < Pack<T>::size; i++)
            record.put(Pack<T>::at(pack, i));
        stream.write(pack);
    }
}

// ---- pixels ------------------------------------------------------------------------------------

// Returns false at the end of the input.
template <class T> bool get(T &number) {
    const int words = (Fixed<T>::width + 63) / 64;
    for (int index = 0; index < words; index++) {
        std::uint64_t bits;
        if (fread(&bits, sizeof bits, 1, stdin) != 1)
            return false;
        const int low = 64 * index;
        const int high = low + 63 < Fixed<T>::width - 1 ? low + 63 : Fixed<T>::width - 1;
        number.range(high, low) = ap_uint<64>(bits);
    }
    return true;
}

template <class T, size_t N> bool feed(T (&port)[N], long) {
    for (size_t i = 0; i < N; i++)
        if (!get(port[i]))
            return false;
    return true;
}

template <class T> bool feed(hls::stream<T> &port, long elements) {
    for (long i = 0; i < elements; i += Pack<T>::size) {
        T pack;
        for (unsigned j = 0; j < Pack<T>::size; j++)
            if (!get(Pack<T>::at(pack, j)))
                return false;
        port.write(pack);
    }
    return true;
}

template <class T, size_t N> void finish(T (&)[N], const char *, bool) {}

// An output is taken away; an input must have been read to its end.
template <class T> void finish(hls::stream<T> &port, const char *name, bool is_input) {
    if (is_input && !port.empty())
        stop(std::string("the firmware left data in its input ") + name);
    while (!port.empty())
        port.read();
}

// ---- ports, as one line each: name, width, integer bits, sign, elements (0: any), elements a pack

template <class T, size_t N> void describe(T (&)[N], const char *name) {
    typedef Fixed<T> F;
    printf("%s %d %d %d %ld 1\n", name, F::width, F::integer, F::is_signed, long(N));
}

template <class T> void describe(hls::stream<T> &, const char *name) {
    typedef Fixed<typename Pack<T>::element> F;
    printf("%s %d %d %d 0 %u\n", name, F::width, F::integer, F::is_signed, Pack<T>::size);
}

// ---- what the firmware prints ------------------------------------------------------------------

// hls4ml's code reports a short weights file, and hls::stream a read from an empty stream, in
// words only, and go on. Here they end the simulation.
class Watch : public std::streambuf {
    std::string line;

    int overflow(int character) override {
        if (character != '\n') {
            line += char(character);
            return character;
        }
        if (line.find("ERROR") != std::string::npos || line.find("Hls::stream") != std::string::npos)
            stop(line);
        line.clear();
        return character;
    }
};

// ---- the program -------------------------------------------------------------------------------

struct Program {
    size_t layers;
    bool (*feed)(const std::vector<long> &elements); // one event into all input ports
    void (*call)();
    void (*finish)();
    void (*describe)();
    int count;
    char **words;
};

inline void write_all(const void *data, size_t bytes) {
    if (fwrite(data, 1, bytes, stdout) != bytes)
        stop("cannot write results");
}

inline void write_header() {
    for (const Record &record : records())
        if (record.wanted) {
            const std::int64_t header[3] = {record.bytes, record.is_signed, record.elements};
            write_all(header, sizeof header);
        }
}

// Arguments: elements of each input port, "--", indices of the wanted layers.
inline void *work(void *pointer) {
    const Program &program = *static_cast<Program *>(pointer);
    if (program.count > 1 && std::string(program.words[1]) == "describe") {
        program.describe();
        return NULL;
    }
    std::vector<long> elements;
    int at = 1;
    for (; at < program.count && std::string(program.words[at]) != "--"; at++)
        elements.push_back(atol(program.words[at]));
    records().resize(program.layers);
    for (at++; at < program.count; at++)
        records()[atol(program.words[at])].wanted = true;
    for (bool first = true; program.feed(elements); first = false) {
        program.call();
        program.finish();
        for (Record &record : records()) {
            if (!record.wanted)
                continue;
            const long now = record.bytes ? long(record.data.size()) / record.bytes : 0;
            if (!first && now != record.elements)
                stop("a layer made another number of elements than in the first event");
            record.elements = now;
        }
        if (first)
            write_header();
        for (Record &record : records()) {
            write_all(record.data.data(), record.data.size());
            record.data.clear();
        }
    }
    return NULL;
}

// Layers of io_parallel live on the stack: take one that no network of pixels outgrows.
inline int run(Program program) {
    static Watch watch;
    std::cout.rdbuf(&watch);
    std::cerr.rdbuf(&watch);
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) || pthread_attr_setstacksize(&attributes, size_t(1) << 30) ||
        pthread_create(&thread, &attributes, work, &program) || pthread_join(thread, NULL))
        stop("cannot start a thread with a stack of 1 GiB");
    return fflush(stdout) ? 4 : 0;
}

} // namespace trigger_csim
