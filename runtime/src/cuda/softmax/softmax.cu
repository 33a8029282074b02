// Over the channels of each pixel, which the lanes of a warp share. x and y, or dy and dx, may be the same.

template <class D, class V, class T>
__device__ void softmax(T team, Index images, const float* x, float* y) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    constexpr int n = channels_together<X, Y>();
    typedef Lanes<X, n> Shape;
    Shape::for_pixels(team, images * X::pixels, [&](Index pixel, bool valid) {
        Packs<X, n> packs(x + X::at(pixel), valid);
        float largest = -infinity, sum = 0.0f;
        // A NaN need not win here: its own exponential, and so the sum, are NaN anyway.
        Shape::for_packs(valid, [&](int k, int) {
            Pack<n> pack = packs.at(k);
            for (int j = 0; j < n; j++) largest = pack.at[j] > largest ? pack.at[j] : largest;
        });
        largest = Shape::largest(largest);
        Shape::for_packs(valid, [&](int k, int) {
            Pack<n> pack = packs.at(k);
            for (int j = 0; j < n; j++) sum += expf(pack.at[j] - largest);
        });
        sum = Shape::sum(sum);
        Shape::for_packs(valid, [&](int k, int c) {
            Pack<n> pack = packs.at(k);
            for (int j = 0; j < n; j++) pack.at[j] = expf(pack.at[j] - largest) / sum;
            store(y + Y::at(pixel) + c, pack);
        });
    });
}

// dx[c] = y[c] * (dy[c] - sum of y[k] dy[k])
template <class D, class V, class T, class G>
__device__ void softmax_backward(T team, Index images, const float* y, const float* dy, G dx) {
    typedef typename V::Y Y;
    typedef typename V::DY DY;
    typedef typename V::DX0 DX;
    constexpr int n = channels_together<Y, DY, DX>();
    typedef Lanes<Y, n> Shape;
    Shape::for_pixels(team, images * Y::pixels, [&](Index pixel, bool valid) {
        Packs<Y, n> values(y + Y::at(pixel), valid);
        Packs<DY, n> gradients(dy + DY::at(pixel), valid);
        float mean = 0.0f;
        Shape::for_packs(valid, [&](int k, int) {
            Pack<n> value = values.at(k), gradient = gradients.at(k);
            for (int j = 0; j < n; j++) mean = fmaf(value.at[j], gradient.at[j], mean);
        });
        mean = Shape::sum(mean);
        Shape::for_packs(valid, [&](int k, int c) {
            Pack<n> value = values.at(k), gradient = gradients.at(k);
            for (int j = 0; j < n; j++) value.at[j] *= gradient.at[j] - mean;
            put<V::add0>(dx + DX::at(pixel) + c, value);
        });
    });
}
