// Gradients that one launch completes: each sum arrives once, and with it goes what the end of a step adds for it.

// What a thread has of the sums of a tile, and where the tile's go: `Part` of update.cu, one a tile.
struct Part;
struct Sums {
    Part* parts;
    double l2, squares;
};

// A tensor's gradient. MASKED: some of its weights are not connected.
template <bool MASKED>
struct Complete {
    float* gradient;
    const float* param;
    const float* mask;
    float l2;     // factor of their squares in the loss
    bool trained; // no update leaves them alone
    Sums* sums;

    __device__ explicit operator bool() const { return true; }
    __device__ Complete operator+(Index i) const { return {gradient + i, param + i, mask + i, l2, trained, sums}; }
};

// Adds the gradient of the L2 term, and takes out those of weights that are not connected.
template <bool ADD, bool MASKED>
__device__ inline void put(const Complete<MASKED>& to, float value) {
    if (to.trained) {
        const float w = *to.param;
        if (MASKED) value *= *to.mask;
        value += 2.0f * to.l2 * w;
        to.sums->l2 += (double)to.l2 * w * w;
        to.sums->squares += (double)value * value;
    }
    *to.gradient = value;
}
template <int RUN, bool ADD, bool ALIGNED, bool MASKED>
__device__ inline void put_run(const Complete<MASKED>& to, const float* values, int count) {
    for (int i = 0; i < RUN; i++)
        if (i < count) put<ADD>(to + (Index)i, values[i]);
}

// A tile is done; all threads of the block call it.
__device__ inline void close(float*, int) {}
