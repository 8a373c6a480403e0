// Package httpapi defines the form of all answers of the API: strict decoding of JSON, responses with their ETag,
// problems (RFC 9457), preconditions, list parameters and signed cursors. It also has the adapter between the gateway's
// events and net/http, which pages use too. It knows no route.
//
// The order of things in a function:
//
//	mux := http.NewServeMux()
//	mux.Handle("POST /customers", gate.SignedIn(h.create))
//	lambda.Start(httpapi.Lambda(httpapi.Routes(mux)))
//
// A function that must read the secret first gives Lambda a handler that is made Later. Pages start with LambdaPages,
// which answers with a page where Lambda answers with a problem.
//
// Gate finds out who is calling, and whether the request was carried out before (IdempotencyKey). A handler behind it
// calls Decode, PathID, IfMatch or ListParameters, then one use case, and answers with Respond; an error that it
// returns becomes a problem. Problem uses the only table from error kind to HTTP status.
package httpapi
