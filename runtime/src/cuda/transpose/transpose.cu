// From HWC to CHW order and back, through tiles of 32 pixels by 32 channels in shared memory: both sides move whole lines.

// Calls `read(pixel, channel)` and then `write(pixel, channel, number)` for all of them in tiles: neighbouring threads read neighbours of one kind
// and write neighbours of the other.
template <int PIXELS, int C, bool TO_CHW, class T, class R, class W>
__device__ inline void transposed(T team, Index images, R read, W write) {
    constexpr int across = (C + 31) / 32, down = (PIXELS + 31) / 32;
    float* tile = common();
    const int column = threadIdx.x % 32, row = threadIdx.x / 32;
    for (Index i = team.tile(); i < images * across * down; i += team.tiles()) {
        const Index image = i / (across * down);
        const int c0 = i % across * 32, p0 = i / across % down * 32;
        for (int r = row; r < 32; r += block_size / 32) {
            int pixel = p0 + (TO_CHW ? r : column), c = c0 + (TO_CHW ? column : r);
            if (pixel < PIXELS && c < C) tile[r * 33 + column] = read(image, pixel, c);
        }
        __syncthreads();
        for (int r = row; r < 32; r += block_size / 32) {
            int pixel = p0 + (TO_CHW ? column : r), c = c0 + (TO_CHW ? r : column);
            if (pixel < PIXELS && c < C) write(image, pixel, c, tile[column * 33 + r]);
        }
        __syncthreads();
    }
}

template <class D, class V, class T>
__device__ void transpose(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    auto read = [&](Index image, int pixel, int c) { return x[X::at(image * X::pixels + pixel) + c]; };
    auto write = [&](Index image, int pixel, int c, float number) { y[Y::at(image) + c * X::pixels + pixel] = number; };
    transposed<X::pixels, X::c, true>(team, images, read, write);
}

template <class D, class V, class T, class G>
__device__ void transpose_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    auto read = [&](Index image, int pixel, int c) { return dy[DY::at(image) + c * DX::pixels + pixel]; };
    auto write = [&](Index image, int pixel, int c, float number) { put<V::add0>(dx + DX::at(image * DX::pixels + pixel) + c, number); };
    transposed<DX::pixels, DX::c, false>(team, images, read, write);
}
