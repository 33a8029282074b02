template <class D, class V, class T>
__device__ void copy(T team, Index images, const float* x, float* y) {
    map<false, typename V::Y, typename V::X0>(team, images, y, [](Index, float x) { return x; }, x);
}

template <class D, class V, class T, class G>
__device__ void copy_backward(T team, Index images, const float* dy, G dx) {
    map<V::add0, typename V::DX0, typename V::DY>(team, images, dx, [](Index, float dy) { return dy; }, dy);
}
