// Package httpapi is the form of all answers of the API, and the adapter between the gateway's events and net/http that
// pages use as well: strict decoding of JSON, responses with their ETag, problems (RFC 9457), preconditions, list
// parameters and signed cursors. It knows no single route.
//
// The order of things in a function:
//
//	mux := http.NewServeMux()
//	mux.Handle("POST /customers", gate.SignedIn(h.create))
//	lambda.Start(httpapi.Lambda(httpapi.Routes(mux)))
//
// A function that reads the secret first gives Lambda a handler that is made Later. Pages start with LambdaPages, which
// answers with a page where Lambda answers with a problem.
//
// Gate finds out who is calling, and whether the request was carried out before (IdempotencyKey). A handler behind it calls
// Decode, PathID, IfMatch or ListParameters, then one use case, and answers with Respond; an error that it returns becomes a
// problem. Problem holds the only table from error kind to HTTP status.
package httpapi
