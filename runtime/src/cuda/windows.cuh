// Windows that slide over a picture.

namespace netc {

// The cells of a picture under a window, along one axis; none where begin >= end.
struct Span {
    int begin, end;
    __device__ int length() const { return end > begin ? end - begin : 0; }
};
__device__ inline Span under(int o, int window, int stride, int pad, int size) {
    int begin = o * stride - pad;
    return {most(begin, 0), least(begin + window, size)};
}

// The windows, of so many, that a cell is under.
__device__ inline Span over(int i, int window, int stride, int pad, int count) {
    int at = i + pad;
    return {at < window ? 0 : (at - window) / stride + 1, least(at / stride + 1, count)};
}

// Calls `f(oy, ox)` for each window of a picture DY that cell (y, x) is under, in order.
template <class D, class DY, class F>
__device__ inline void each_window(int y, int x, int top, int left, F f) {
    const Span rows = over(y, D::window_h, D::stride_h, top, DY::h), columns = over(x, D::window_w, D::stride_w, left, DY::w);
    for (int oy = rows.begin; oy < rows.end; oy++)
        for (int ox = columns.begin; ox < columns.end; ox++) f(oy, ox);
}

// The sums over a window of some neighbouring channels, row by row.
template <class D, class X, int N>
__device__ inline Pack<N> window_sum(const float* x, Index image, int oy, int ox, int c, int top, int left) {
    Pack<N> sum = {};
#pragma unroll
    for (int ky = 0; ky < D::window_h; ky++) {
        Pack<N> row = {};
#pragma unroll
        for (int kx = 0; kx < D::window_w; kx++) {
            int iy = oy * D::stride_h + ky - top, ix = ox * D::stride_w + kx - left;
            if (iy >= 0 && iy < X::h && ix >= 0 && ix < X::w) add(row, load<N>(x + X::at(image, iy, ix) + c));
        }
        add(sum, row);
    }
    return sum;
}

}  // namespace netc
