#include "device/mma.h"
#include "device/block.h"
#include "device/count.h"
#include <cstring>

namespace emulated {

namespace {

float float_of(unsigned bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/// The low 13 bits of a tf32 operand are ignored.
float tf32(unsigned bits) { return float_of(bits & 0xffffe000u); }
float bf16(unsigned pair, unsigned half) { return float_of(half == 0 ? pair << 16 : pair & 0xffff0000u); }

struct Matrices {
    float a[16][16], b[16][8];
};

// The fragments of PTX ISA 9.7.14.5 (mma.m16n8k8 for tf32, mma.m16n8k16 for bf16): lane = 4 * group + member.

void gather_tf32(unsigned group, unsigned member, const WarpRequest& lane, Matrices& m) {
    for (unsigned i = 0; i < 4; ++i) m.a[group + 8 * (i & 1)][member + 4 * (i >> 1)] = tf32(lane.a[i]);
    for (unsigned i = 0; i < 2; ++i) m.b[member + 4 * i][group] = tf32(lane.b[i]);
}

void gather_bf16(unsigned group, unsigned member, const WarpRequest& lane, Matrices& m) {
    for (unsigned i = 0; i < 4; ++i)
        for (unsigned half = 0; half < 2; ++half) m.a[group + 8 * (i & 1)][2 * member + half + 8 * (i >> 1)] = bf16(lane.a[i], half);
    for (unsigned i = 0; i < 2; ++i)
        for (unsigned half = 0; half < 2; ++half) m.b[2 * member + half + 8 * i][group] = bf16(lane.b[i], half);
}

} // namespace

void multiply(unsigned warp, int kind) {
    Block& block_at_work = block();
    const unsigned depth = kind == NETC_MMA_TF32_M16N8K8 ? 8 : 16;
    Matrices m;
    for (unsigned lane = 0; lane < 32; ++lane) {
        const WarpRequest& request = block_at_work.lane(warp, lane)->warp;
        (depth == 8 ? gather_tf32 : gather_bf16)(lane / 4, lane % 4, request, m);
    }
    for (unsigned lane = 0; lane < 32; ++lane) {
        float* c = block_at_work.lane(warp, lane)->warp.c;
        for (unsigned i = 0; i < 4; ++i) {
            const unsigned row = lane / 4 + 8 * (i >> 1), column = 2 * (lane % 4) + (i & 1);
            double sum = c[i];
            for (unsigned k = 0; k < depth; ++k) sum += static_cast<double>(m.a[row][k]) * m.b[k][column];
            c[i] = static_cast<float>(sum);
        }
    }
    count_products(uint64_t{2} * 16 * 8 * depth);
}

} // namespace emulated
