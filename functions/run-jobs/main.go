// Command run-jobs works on what takes longer than a request may: new names, exports. It runs every minute, and at once
// when functions/project sees a new job in the table's stream.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"clientele/shared/awsclient"
	"clientele/shared/awsclient/dynamo"
	"clientele/shared/membership"
	"clientele/shared/store"
	"clientele/shared/telemetry"
)

func main() {
	s, err := awsclient.Read(awsclient.Table)
	if err != nil {
		log.Fatal(err)
	}
	cfg := awsclient.Config(s)
	awsclient.Warm(context.Background(), cfg, awsclient.DynamoDB)
	table := store.New(dynamo.New(cfg), s.Table)
	jobs := membership.Jobs{Store: table, Clock: time.Now, Workers: map[membership.JobKind]membership.JobWorker{
		membership.JobRenameCustomer: membership.CustomerRename{Store: table},
		membership.JobRenameGroup:    membership.GroupRename{Store: table},
	}}
	lambda.Start(handler{jobs: jobs, log: telemetry.NewLogger(os.Stderr)}.handle)
}
