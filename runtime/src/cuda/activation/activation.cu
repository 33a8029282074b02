// Element by element; x and y, or dy and dx, may be the same.

template <class D, class V, class T>
__device__ void activation(T team, Index images, const float* x, float* y) {
    auto f = [](Index, float x) { return activate<D>(x); };
    map<false, typename V::Y, typename V::X0>(team, images, y, f, x);
}

template <class D, class V, class T, class G>
__device__ void activation_backward_by_value(T team, Index images, const float* y, const float* dy, G dx) {
    auto f = [](Index, float y, float dy) { return chain<D::act>(dy, derivative_of_value<D::act>(y, D::act_parameter)); };
    map<V::add0, typename V::DX0, typename V::Y, typename V::DY>(team, images, dx, f, y, dy);
}

template <class D, class V, class T, class G>
__device__ void activation_backward_by_input(T team, Index images, const float* x, const float* dy, G dx) {
    auto f = [](Index, float x, float dy) { return dy * derivative_of_input<D::act>(x, D::act_parameter); };
    map<V::add0, typename V::DX0, typename V::X0, typename V::DY>(team, images, dx, f, x, dy);
}
