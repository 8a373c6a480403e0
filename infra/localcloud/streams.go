package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// wakeStreams recreates the stream mappings: after a restart MiniStack 1.5.33 shows them as enabled but delivers
// nothing. What was written meanwhile is left to the outbox sweeper.
func wakeStreams(ctx context.Context, c clients) error {
	out, err := c.functions.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{})
	if err != nil {
		return fmt.Errorf("stream mappings: %w", err)
	}
	for _, m := range out.EventSourceMappings {
		if _, err := c.functions.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: m.UUID}); err != nil {
			return fmt.Errorf("stream mapping of %s: %w", *m.FunctionArn, err)
		}
		_, err := c.functions.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
			EventSourceArn: m.EventSourceArn, FunctionName: m.FunctionArn,
			StartingPosition: m.StartingPosition, BatchSize: m.BatchSize, FilterCriteria: m.FilterCriteria,
			BisectBatchOnFunctionError: m.BisectBatchOnFunctionError, DestinationConfig: m.DestinationConfig,
			MaximumRecordAgeInSeconds: m.MaximumRecordAgeInSeconds, MaximumRetryAttempts: m.MaximumRetryAttempts,
			FunctionResponseTypes: m.FunctionResponseTypes,
		})
		if err != nil {
			return fmt.Errorf("stream mapping of %s: %w", *m.FunctionArn, err)
		}
	}
	return nil
}
