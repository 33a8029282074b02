// The tensor core: a product of small matrices by the 32 lanes of a warp.
#pragma once

namespace emulated {

/// c += a b for the lanes that wait in the warp; `kind` is one of NETC_MMA_*. Products are exact and summed in double, then rounded once:
/// a tensor core rounds more often, in an order that nobody states.
void multiply(unsigned warp, int kind);

} // namespace emulated
