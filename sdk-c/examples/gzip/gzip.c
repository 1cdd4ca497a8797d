/* POST /c/gzip: answers with the body, gzip-compressed by zlib. */
#include "edge_gateway_sdk.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* Compresses all of `input` to `output`, which has deflateBound bytes, and
 * returns the length, or 0 when zlib failed. zlib counts in unsigned int, the
 * ABI in 64 bits, so both sides are fed in pieces. */
static uint64_t compress_all(z_stream *stream, eg_bytes input, uint8_t *output, uint64_t room) {
  int status = Z_OK;
  stream->next_in = (z_const Bytef *)input.ptr;
  stream->next_out = output;
  uint64_t fed = 0, given = 0;
  while (status == Z_OK) {
    if (stream->avail_in == 0 && fed < input.len) {
      uint64_t piece = input.len - fed < UINT_MAX ? input.len - fed : UINT_MAX;
      stream->avail_in = (uInt)piece;
      fed += piece;
    }
    if (stream->avail_out == 0 && given < room) {
      uint64_t piece = room - given < UINT_MAX ? room - given : UINT_MAX;
      stream->avail_out = (uInt)piece;
      given += piece;
    }
    status = deflate(stream, fed == input.len ? Z_FINISH : Z_NO_FLUSH);
  }
  return status == Z_STREAM_END ? (uint64_t)(stream->next_out - output) : 0;
}

static int32_t gzip(const eg_host *host, const eg_request *request, eg_response *response) {
  z_stream stream = {0};
  /* 15 bits of window, 16 more asks for the gzip format. */
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return eg_fail(response, eg_text("deflateInit2 failed"));
  uint64_t room = deflateBound(&stream, (uLong)request->body.len);
  uint8_t *output = malloc((size_t)room);
  if (output == NULL) {
    deflateEnd(&stream);
    return EG_E_NO_MEMORY;
  }
  uint64_t len = compress_all(&stream, request->body, output, room);
  deflateEnd(&stream);

  /* The host copies the body, then gives the buffer back through free. */
  response->release = free;
  response->release_context = output;
  if (len == 0) return eg_fail(response, eg_text("deflate failed"));
  int32_t status = eg_answer(host, request, response, 200, "application/octet-stream",
                             eg_view(output, len));
  if (status != EG_OK) return status;
  return eg_add_header(host, request, response, "content-encoding", eg_text("gzip"));
}

EG_HANDLER_UNLOADABLE("gzip", "1.0");
EG_ENTRY(gzip);
