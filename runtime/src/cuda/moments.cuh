// Mean and variance without cancellation: of a few numbers directly, of many by joining those of their parts.

namespace netc {

// 1 / sqrt(variance + eps); a variance that overflowed would hide behind 1 / infinity = 0.
__device__ inline float inverse_deviation(float variance, float eps) {
    return rsqrtf((variance - variance == 0.0f ? variance : not_a_number) + eps);
}

// Of some numbers: how many, their mean, and the sum of their squared distances from it.
struct Moments {
    float count, mean, squares;

    // Joins those of other numbers (Chan, Golub and LeVeque 1979, eq. 2.1).
    __device__ void join(const Moments& other) {
        const float all = count + other.count;
        if (all == 0.0f) return;
        const float share = __fdividef(other.count, all), distance = other.mean - mean;
        mean = fmaf(distance, share, mean);
        squares += fmaf(distance * distance, count * share, other.squares);
        count = all;
    }
};

// Of x, and of its products with z: also the mean of z, and the sum of the products of both distances.
struct JointMoments {
    float count, mean, squares, other, products;

    __device__ void join(const JointMoments& more) {
        const float all = count + more.count;
        if (all == 0.0f) return;
        const float share = __fdividef(more.count, all), distance = more.mean - mean, apart = more.other - other;
        mean = fmaf(distance, share, mean);
        other = fmaf(apart, share, other);
        squares += fmaf(distance * distance, count * share, more.squares);
        products += fmaf(distance * apart, count * share, more.products);
        count = all;
    }
};

}  // namespace netc
