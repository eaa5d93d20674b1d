// Scores a file of events with an exported emulator that it is linked with, and times it.
// throughput EVENTS PIXELS SCORES ROUNDS: PIXELS holds one byte a pixel, SCORES gets int64.
#include "small.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int, char **arguments) {
    const long events = std::atol(arguments[1]), rounds = std::atol(arguments[4]);
    std::vector<unsigned char> bytes(events * SMALL_PIXELS);
    FILE *file = std::fopen(arguments[2], "rb");
    if (!file || std::fread(bytes.data(), 1, bytes.size(), file) != bytes.size()) return 1;
    std::fclose(file);
    const std::vector<small_pixel> pixels(bytes.begin(), bytes.end());
    std::vector<std::int64_t> scores(events * SMALL_SCORES);
    double best = 1e300;
    for (long round = 0; round < rounds; round++) {
        const auto begin = std::chrono::steady_clock::now();
        if (small_predict(pixels.data(), events, scores.data()) != SMALL_FINE) return 2;
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        best = std::min(best, took.count());
    }
    std::printf("%g\n", events / best);
    file = std::fopen(arguments[3], "wb");
    if (!file || std::fwrite(scores.data(), 8, scores.size(), file) != scores.size()) return 3;
    return std::fclose(file);
}
