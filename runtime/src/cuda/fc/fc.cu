// y = act(W x + b): W [units, inputs], one row after the other.

// A warp an output: its lanes read neighbouring inputs and weights.
template <class D, class V, class T>
__device__ void fc(T team, Index images, const float* x, float* y, const float* weight, const float* bias) {
    constexpr int inputs = V::X0::len;
    for (Index i = team.warp(); i < images * D::units; i += team.warps()) {
        Index image = i / D::units;
        int unit = i % D::units;
        float sum = 0.0f;
        for (int k = lane(); k < inputs; k += 32)
            sum = fmaf(x[V::X0::element(image * inputs + k)], weight[(Index)unit * inputs + k], sum);
        sum = warp_sum(sum);
        if (lane() == 0) y[V::Y::element(i)] = activate<D>(bias ? sum + bias[unit] : sum);
    }
}

// One thread a weight, images in order.
template <class D, class V, class T>
__device__ void fc_gradients(T team, Index images, const float* x, const float* dy, float* weight, float* bias) {
    constexpr int inputs = V::X0::len;
    for (Index i = team.thread(); i < (Index)inputs * D::units; i += team.threads()) {
        int unit = i / inputs, k = i % inputs;
        float sum = 0.0f;
        for (Index image = 0; image < images; image++)
            sum = fmaf(dy[V::DY::element(image * D::units + unit)], x[V::X0::element(image * inputs + k)], sum);
        weight[i] += sum;
        if (bias && k == 0) {
            float total = 0.0f;
            for (Index image = 0; image < images; image++) total += dy[V::DY::element(image * D::units + unit)];
            bias[unit] += total;
        }
    }
}

// One thread an input, units in order.
template <class D, class V, class T>
__device__ void fc_backward(T team, Index images, const float* dy, float* dx, const float* weight) {
    constexpr int inputs = V::DX0::len;
    for (Index i = team.thread(); i < images * inputs; i += team.threads()) {
        Index image = i / inputs;
        int k = i % inputs;
        float sum = 0.0f;
        for (int unit = 0; unit < D::units; unit++)
            sum = fmaf(dy[V::DY::element(image * D::units + unit)], weight[(Index)unit * inputs + k], sum);
        put<V::add0>(dx + V::DX0::element(i), sum);
    }
}
