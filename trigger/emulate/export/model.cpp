// The emulator @NAME@ as a class that CMSSW's hls4ml loader creates.
//
// prepare_input takes a pointer to the pixels of one event, raw (@NAME@_pixel) or, where ap_fixed.h
// was there when this was compiled, in the firmware's own type; read_result takes a pointer to
// int64_t or to the firmware's type. A firmware of several inputs (outputs) takes a std::tuple of
// such pointers, one per input (output). Any other type throws std::bad_any_cast.
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "@NAME@.h"
#include "hls4ml_emulator.h"

#if __has_include("ap_fixed.h")
#include "ap_fixed.h"
#define WITH_AP_FIXED
#endif

extern "C" {
void *@NAME@_new_scratch(void);
int32_t @NAME@_predict_in(const @NAME@_pixel *, int64_t, int64_t *, void *);
}

namespace {

using Pixel = @NAME@_pixel;
constexpr std::int64_t input_sizes[] = {@INPUT_SIZES@}, output_sizes[] = {@OUTPUT_SIZES@};

// What an `any` holds as a tuple of pointers; a single pointer may come without its tuple.
template <class... T> bool unpack(const std::any &any, std::tuple<T...> &pointers) {
    if (const auto *found = std::any_cast<std::tuple<T...>>(&any)) {
        pointers = *found;
        return true;
    }
    if constexpr (sizeof...(T) == 1)
        if (const auto *found = std::any_cast<T...>(&any)) {
            pointers = *found;
            return true;
        }
    return false;
}

template <class T> void take(const T *from, std::int64_t count, Pixel *&to) {
    for (std::int64_t i = 0; i < count; i++) *to++ = from[i];
}

void put(const std::int64_t *&from, std::int64_t count, std::int64_t *to) {
    for (std::int64_t i = 0; i < count; i++) to[i] = *from++;
}

#ifdef WITH_AP_FIXED
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
void take(const ap_fixed<W, I, Q, O, N> *from, std::int64_t count, Pixel *&to) {
    for (std::int64_t i = 0; i < count; i++) {
        ap_int<W> bits;
        bits.range(W - 1, 0) = from[i].range(W - 1, 0);
        *to++ = static_cast<Pixel>(bits.to_int64());
    }
}

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
void take(const ap_ufixed<W, I, Q, O, N> *from, std::int64_t count, Pixel *&to) {
    for (std::int64_t i = 0; i < count; i++)
        *to++ = static_cast<Pixel>(from[i].range(W - 1, 0).to_uint64());
}

template <template <int, int, ap_q_mode, ap_o_mode, int> class F, int W, int I, ap_q_mode Q,
          ap_o_mode O, int N>
void put(const std::int64_t *&from, std::int64_t count, F<W, I, Q, O, N> *to) {
    for (std::int64_t i = 0; i < count; i++) to[i].range(W - 1, 0) = ap_int<W>(*from++);
}
#endif

template <class... T, std::size_t... I>
bool give(const std::any &input, Pixel *to, std::index_sequence<I...>) {
    std::tuple<const T *...> fixed;
    std::tuple<T *...> loose;
    if (!unpack(input, fixed)) {
        if (!unpack(input, loose)) return false;
        fixed = loose;
    }
    (take(std::get<I>(fixed), input_sizes[I], to), ...);
    return true;
}

template <class... T, std::size_t... I>
bool fetch(const std::any &result, const std::int64_t *from, std::index_sequence<I...>) {
    std::tuple<T *...> to;
    if (!unpack(result, to)) return false;
    (put(from, output_sizes[I], std::get<I>(to)), ...);
    return true;
}

class Emulator final : public hls4mlEmulator::Model {
public:
    Emulator() : scratch(@NAME@_new_scratch()) {
        if (!scratch) throw std::bad_alloc();
    }
    Emulator(const Emulator &) = delete;
    Emulator &operator=(const Emulator &) = delete;
    ~Emulator() override { std::free(scratch); }

    void prepare_input(std::any input) override {
        constexpr auto each = std::make_index_sequence<@PORTS@>();
        if (give<@RAW_INPUTS@>(input, pixels, each)) return;
#ifdef WITH_AP_FIXED
        if (give<@FIXED_INPUTS@>(input, pixels, each)) return;
#endif
        throw std::bad_any_cast();
    }

    void predict() override {
        if (@NAME@_predict_in(pixels, 1, scores, scratch) != @GUARD@_FINE)
            throw std::out_of_range("@NAME@: a pixel that its input's format cannot hold");
    }

    void read_result(std::any result) override {
        constexpr auto each = std::make_index_sequence<@OUTPUTS@>();
        if (fetch<@RAW_OUTPUTS@>(result, scores, each)) return;
#ifdef WITH_AP_FIXED
        if (fetch<@FIXED_OUTPUTS@>(result, scores, each)) return;
#endif
        throw std::bad_any_cast();
    }

private:
    void *const scratch;
    Pixel pixels[@GUARD@_PIXELS] = {};
    std::int64_t scores[@GUARD@_SCORES] = {};
};

} // namespace

#pragma GCC visibility push(default)
extern "C" hls4mlEmulator::Model *create_model() { return new Emulator; }

extern "C" void destroy_model(hls4mlEmulator::Model *model) { delete model; }
#pragma GCC visibility pop
