// Squared distances to prototypes [classes, inputs].

// A warp a distance: its lanes read neighbouring numbers.
template <class D, class V, class T>
__device__ void rbf(T team, Index images, const float* x, float* y, const float* prototypes) {
    typedef typename V::X0 X;
    typedef typename V::Y Y;
    for (Index i = team.warp(); i < images * D::classes; i += team.warps()) {
        const Index image = i / D::classes;
        const float* prototype = prototypes + (Index)(i % D::classes) * X::len;
        float sum = 0.0f;
        for (int k = lane(); k < X::len; k += 32) {
            float difference = x[X::element(image * X::len + k)] - prototype[k];
            sum = fmaf(difference, difference, sum);
        }
        sum = warp_sum(sum);
        if (lane() == 0) y[Y::element(i)] = sum;
    }
}

// dx[i] = sum over k of dy[k] * 2 (x[i] - p[k, i])
template <class D, class V, class T, class G>
__device__ void rbf_backward(T team, Index images, const float* x, const float* dy, G dx, const float* prototypes) {
    typedef typename V::X0 X;
    typedef typename V::DX0 DX;
    typedef typename V::DY DY;
    for (Index i = team.thread(); i < images * X::len; i += team.threads()) {
        const Index image = i / X::len;
        const float* column = prototypes + i % X::len;
        float value = x[X::element(i)], sum = 0.0f;
        for (int k = 0; k < D::classes; k++) sum = fmaf(dy[DY::at(image) + k], value - column[(Index)k * X::len], sum);
        put<V::add0>(dx + DX::element(i), 2.0f * sum);
    }
}
