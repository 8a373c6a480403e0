// Package telemetry writes what the operators of a deployment see: one structured line per request on stderr, and metrics
// in CloudWatch's embedded metric format (EMF) on stdout, which cost no API call.
//
// It is told what happened; it never looks at bodies, tokens or headers, so that none of them can end in a log.
package telemetry
