package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// stack is LOCAL_DIR/stack.json: what scripts and tests need to know. It exists only while everything answers.
type stack struct {
	Console    string            `json:"console"`
	Portal     string            `json:"portal"`
	API        string            `json:"api"`
	Mailbox    string            `json:"mailbox"`
	Endpoint   string            `json:"endpoint"`
	Region     string            `json:"region"`
	Table      string            `json:"table"`
	Files      string            `json:"files"`   // the bucket
	Inbound    string            `json:"inbound"` // functions/inbound-mail, which SES would invoke
	UserPoolID string            `json:"userPoolId"`
	Clients    map[string]string `json:"clients"`
	Admin      account           `json:"admin"`
}

func describe(ctx context.Context, opts options, c clients) (stack, error) {
	found, err := describeStack(ctx, c)
	if err != nil {
		return stack{}, err
	}
	outputs := map[string]string{}
	for _, o := range found.Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return stack{
		Console: opts.console(), Portal: opts.portal(), API: opts.api(), Mailbox: opts.mailbox(),
		Endpoint: opts.endpoint(), Region: region,
		Table: outputs["Table"], Files: outputs["Files"], Inbound: outputs["InboundMailFunction"], UserPoolID: outputs["UserPoolId"],
		Clients: map[string]string{"portal": outputs["PortalClientId"], "console": outputs["ConsoleClientId"]},
	}, nil
}
