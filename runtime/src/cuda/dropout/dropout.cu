// Element by element: 0 where its random number is below p, else x / (1 - p). x and y may be the same; backward
// draws the same numbers again.

// y = x * mask
template <class D, bool ADD, class X, class Y, class T, class TO>
__device__ inline void dropout_mask(T team, Index images, const float* x, TO y, const Step* step) {
    constexpr int n = together<X, Y>();
    constexpr float scale = 1.0f / (1.0f - D::p);
    for (Index i = n * team.thread(); i < images * Y::len; i += n * team.threads()) {
        const unsigned long long key = step->key(D::index, i / Y::len);
        Pack<n> pack = load<n>(x + X::element(i));
        for (int k = 0; k < n; k++) pack.at[k] = uniform(key, (unsigned)(i % Y::len) + k) >= D::p ? pack.at[k] * scale : 0.0f;
        put<ADD>(y + Y::element(i), pack);
    }
}

template <class D, class V, class T>
__device__ void dropout(T team, Index images, const float* x, float* y, const Step* step) {
    dropout_mask<D, false, typename V::X0, typename V::Y>(team, images, x, y, step);
}

template <class D, class V, class T, class G>
__device__ void dropout_backward(T team, Index images, const float* dy, G dx, const Step* step) {
    dropout_mask<D, V::add0, typename V::DY, typename V::DX0>(team, images, dy, dx, step);
}
