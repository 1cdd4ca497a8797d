/* The services of the driver: each prints what it is asked and answers with
 * something made up. */
#ifndef SERVICES_H
#define SERVICES_H

#include "edge_gateway.h"

/* The results of one request, or of the instance. */
struct results {
  struct block *first;
};

/* Whether operations are printed. */
extern int services_quiet;

/* EG_E_UNSUPPORTED, EG_E_DENIED or EG_OK. */
int32_t services_find(const char *id, eg_bytes name, const void **table);

/* Whether the table is one of theirs; then the operation has its status. */
int services_run(eg_op *op, struct results *results);

/* Spoils a result, so that nobody can read it any more. */
void services_release(struct results *results, const void *result);

/* Spoils what is left, lets operations go that wait for this, and returns how
 * many results had not been released. */
int services_end(struct results *results);

#endif
