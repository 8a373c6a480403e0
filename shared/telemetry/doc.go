// Package telemetry writes what a deployment's operators see: one structured line per request on stderr, and metrics in
// CloudWatch's embedded metric format (EMF) on stdout, which cost no API call.
//
// It is told what happened. It never looks at bodies, tokens or headers, so none of them can end up in a log.
package telemetry
