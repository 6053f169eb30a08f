// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How long solving takes, by the number of nodes and units. Nodes are unlike
// each other, so that none stands for others.
//
// usage: place_bench                             (in the source tree's root)
#include "tests/graph/place_world.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

using namespace sluice::graph;

namespace {

std::string placement_of(int nodes, int replicas) {
  std::string out = "placement: p\nzones: {z0: {}, z1: {}, z2: {}}\nnodes:\n";
  for (int i = 0; i < nodes; ++i)
    out += "  n" + std::to_string(i) + ": {zone: z" + std::to_string(i % 3)
           + ", memory: " + std::to_string(400 + i % 97)
           + ", speed: {read: " + std::to_string(1 + i % 13) + "GB}}\n";
  return out
         + "place:\n  - {actor: '*', zone: [z1, z2]}\n"
           "  - {actor: home, pipeline: 4, spread: node, replicas: "
         + std::to_string(replicas) + "}\n";
}

void measure(int nodes, int replicas) {
  const auto here = make_world(placement_of(nodes, replicas));
  std::vector<double> ms;
  solution made;
  for (int round = 0; round < 7; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    made = here.solved();
    ms.push_back(std::chrono::duration<double, std::milli>(
                     std::chrono::steady_clock::now() - begin)
                     .count());
  }
  std::ranges::sort(ms);
  std::printf("%5d nodes, %4zu units: median %8.2f ms, %.2f to %.2f%s\n", nodes,
              made.found ? made.found->units.size() : 0, ms[ms.size() / 2],
              ms.front(), ms.back(), made.found ? "" : "  NOT PLACED");
}

} // namespace

int main() {
  for (auto [nodes, replicas] :
       {std::pair(4, 1), {16, 2}, {100, 6}, {1000, 12}, {1000, 40}})
    measure(nodes, replicas);
}
