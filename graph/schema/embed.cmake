# cmake -DINPUT=file -DOUTPUT=file.cpp -P embed.cmake: the bytes of a file as an
# array, aligned as Cap'n Proto reads it.
file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include <cstddef>
namespace sluice::graph {
alignas(8) extern const unsigned char schema_request[] = {
${bytes}};
extern const std::size_t schema_request_size = ${size};
} // namespace sluice::graph
")
