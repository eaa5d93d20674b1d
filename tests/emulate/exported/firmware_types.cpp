// Asks a model for one event in the firmware's own number types, and what it does with others.
#include "hls4ml_emulator.h"

#include "ap_fixed.h"
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <tuple>

extern "C" hls4mlEmulator::Model *create_model();
extern "C" void destroy_model(hls4mlEmulator::Model *);

int main() {
    typedef ap_fixed<7, 3> first_t;
    typedef ap_ufixed<8, 0> second_t;
    typedef ap_fixed<9, 4> sum_t;
    typedef ap_ufixed<8, 0> same_t;
    first_t first[2] = {-1.5, 3.25};
    second_t second[2] = {0.5, 0.25};
    sum_t sum[2];
    same_t same[2];
    hls4mlEmulator::Model *model = create_model();
    model->prepare_input(std::tuple<first_t *, second_t *>(first, second));
    model->predict();
    model->read_result(std::tuple<sum_t *, same_t *>(sum, same));
    std::printf("%g %g %g %g\n", sum[0].to_double(), sum[1].to_double(), same[0].to_double(),
                same[1].to_double());
    std::int32_t raw_first[2] = {-24, 52}, raw_second[2] = {128, 64};
    std::int64_t raw_sum[2], raw_same[2];
    model->prepare_input(std::tuple<std::int32_t *, std::int32_t *>(raw_first, raw_second));
    model->predict();
    model->read_result(std::tuple<std::int64_t *, std::int64_t *>(raw_sum, raw_same));
    std::printf("%ld %ld %ld %ld\n", raw_sum[0], raw_sum[1], raw_same[0], raw_same[1]);
    try {
        model->prepare_input(1.5f);
    } catch (const std::bad_any_cast &) {
        std::puts("bad_any_cast");
    }
    try {
        raw_second[1] = 256;
        model->prepare_input(std::tuple<std::int32_t *, std::int32_t *>(raw_first, raw_second));
        model->predict();
    } catch (const std::out_of_range &error) {
        std::puts(error.what());
    }
    destroy_model(model);
}
