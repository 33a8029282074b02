// One thread an element; x and y, or dy and dx, may be the same.

template <class D, class V, class T>
__device__ void activation(T team, Index images, const float* x, float* y) {
    for (Index i = team.thread(); i < images * V::Y::len; i += team.threads())
        y[V::Y::element(i)] = activate<D>(x[V::X0::element(i)]);
}

template <class D, class V, class T>
__device__ void activation_backward_by_value(T team, Index images, const float* y, const float* dy, float* dx) {
    for (Index i = team.thread(); i < images * V::DX0::len; i += team.threads()) {
        float slope = derivative_of_value<D::act>(y[V::Y::element(i)], D::act_parameter);
        put<V::add0>(dx + V::DX0::element(i), dy[V::DY::element(i)] * slope);
    }
}

template <class D, class V, class T>
__device__ void activation_backward_by_input(T team, Index images, const float* x, const float* dy, float* dx) {
    for (Index i = team.thread(); i < images * V::DX0::len; i += team.threads()) {
        float slope = derivative_of_input<D::act>(x[V::X0::element(i)], D::act_parameter);
        put<V::add0>(dx + V::DX0::element(i), dy[V::DY::element(i)] * slope);
    }
}
