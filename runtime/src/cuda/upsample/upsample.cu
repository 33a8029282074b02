// Enlargement by whole factors; backward, each number gathers from the outputs that it has a share in. One thread a pack of channels.

// Along one axis: the pixel before the centre of output o, and the share of the one behind it.
template <int FACTOR>
struct Between {
    int first;
    float share;
    __device__ explicit Between(int o) {
        int twice = most(2 * o + 1 - FACTOR, 0);
        first = twice / (2 * FACTOR);
        share = (float)(twice % (2 * FACTOR)) / (2 * FACTOR);
    }
    // The share of pixel i, of so many.
    __device__ float of(int i, int size) const {
        return (i == first ? 1.0f - share : 0.0f) + (i == least(first + 1, size - 1) ? share : 0.0f);
    }
};

template <class D, class V, class T>
__device__ void upsample(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Place<Y, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        if constexpr (D::mode == Interpolation::Nearest) {
            store(y + to.at(), load<n>(x + X::at(to.image, to.y / D::factor_h, to.x / D::factor_w) + to.c));
        } else {
            Between<D::factor_h> row(to.y);
            Between<D::factor_w> column(to.x);
            int below = least(row.first + 1, X::h - 1), right = least(column.first + 1, X::w - 1);
            Pack<n> a = load<n>(x + X::at(to.image, row.first, column.first) + to.c);
            Pack<n> b = load<n>(x + X::at(to.image, row.first, right) + to.c);
            Pack<n> c = load<n>(x + X::at(to.image, below, column.first) + to.c);
            Pack<n> d = load<n>(x + X::at(to.image, below, right) + to.c);
            float up = 1.0f - row.share, left = 1.0f - column.share;
            for (int k = 0; k < n; k++)
                a.at[k] = (up * left * a.at[k] + up * column.share * b.at[k]) + (row.share * left * c.at[k] + row.share * column.share * d.at[k]);
            store(y + to.at(), a);
        }
    }
}

template <class D, class V, class T, class G>
__device__ void upsample_backward(T team, Index images, const float* dy, G dx) {
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    constexpr int n = channels_together<DX, DY>();
    constexpr int fh = D::factor_h, fw = D::factor_w;
    typedef Place<DX, n> To;
    for (Index i = team.thread(); i < images * To::each; i += team.threads()) {
        To to(i);
        Pack<n> sum = {};
        if constexpr (D::mode == Interpolation::Nearest) {
            for (int oy = to.y * fh; oy < (to.y + 1) * fh; oy++)
                for (int ox = to.x * fw; ox < (to.x + 1) * fw; ox++) add(sum, load<n>(dy + DY::at(to.image, oy, ox) + to.c));
        } else {
            // Outputs within one pixel.
            int bottom = least(fh * (to.y + 1) + fh / 2, DY::h), right = least(fw * (to.x + 1) + fw / 2, DY::w);
            for (int oy = most(fh * to.y + fh / 2 - fh, 0); oy < bottom; oy++) {
                float of_row = Between<fh>(oy).of(to.y, DX::h);
                for (int ox = most(fw * to.x + fw / 2 - fw, 0); ox < right; ox++) {
                    float share = of_row * Between<fw>(ox).of(to.x, DX::w);
                    Pack<n> pack = load<n>(dy + DY::at(to.image, oy, ox) + to.c);
                    for (int k = 0; k < n; k++) sum.at[k] = fmaf(share, pack.at[k], sum.at[k]);
                }
            }
        }
        put<V::add0>(dx + to.at(), sum);
    }
}
