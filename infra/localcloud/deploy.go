package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// hashTag is the stack's tag with the build and parameters that it was made from. It is in the stack itself, so the two
// agree even after a crash.
const hashTag = "clientele:build"

// deploy brings the stack up to the build, unless it is already.
func deploy(ctx context.Context, opts options, t tools, c clients, b build) error {
	parameters := []string{
		"SenderAddress=" + senderAddress,
		"FirstAdministratorEmail=" + adminEmail,
		"PortalUrl=" + opts.portal(),
		"ConsoleUrl=" + opts.console(),
		"ProviderName=Clientele",
		"Architecture=" + architecture(),
		"LocalEndpoint=" + opts.endpoint(),
		"LocalNameServer=" + opts.nameServer(),
	}
	sum := sha256.Sum256([]byte(b.hash + strings.Join(parameters, "\n")))
	want := hex.EncodeToString(sum[:16])
	if deployedHash(ctx, c) == want {
		return nil
	}
	args := []string{
		"deploy", "--template-file", b.template, "--stack-name", stackName,
		"--resolve-s3", "--capabilities", "CAPABILITY_IAM",
		"--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
		"--tags", hashTag + "=" + want, "--parameter-overrides",
	}
	env := append(cleanEnv(), localAWS(opts.endpoint())...)
	return step("deploying template.yaml to the local cloud", func() error {
		return job(ctx, opts.checkout, opts.log("deploy"), env, t.path("sam"), append(args, parameters...)...)
	})
}

// deployedHash returns the tag of a complete stack, else "".
func deployedHash(ctx context.Context, c clients) string {
	stack, err := describeStack(ctx, c)
	if err != nil || !strings.HasSuffix(string(stack.StackStatus), "_COMPLETE") || strings.Contains(string(stack.StackStatus), "ROLLBACK") {
		return ""
	}
	for _, tag := range stack.Tags {
		if aws.ToString(tag.Key) == hashTag {
			return aws.ToString(tag.Value)
		}
	}
	return ""
}

// hasStack says whether there is a stack at all, complete or not.
func hasStack(ctx context.Context, c clients) bool {
	_, err := describeStack(ctx, c)
	return err == nil
}

func describeStack(ctx context.Context, c clients) (cfntypes.Stack, error) {
	out, err := c.stacks.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stackName)})
	if err != nil {
		return cfntypes.Stack{}, err
	}
	if len(out.Stacks) != 1 {
		return cfntypes.Stack{}, fmt.Errorf("the local cloud knows %d stacks of the name %s", len(out.Stacks), stackName)
	}
	return out.Stacks[0], nil
}

// resources returns the stack's physical ids by their names in the template.
func resources(ctx context.Context, c clients) (map[string]string, error) {
	ids := map[string]string{}
	pages := cloudformation.NewListStackResourcesPaginator(c.stacks, &cloudformation.ListStackResourcesInput{StackName: aws.String(stackName)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("the stack's resources: %w", err)
		}
		for _, r := range page.StackResourceSummaries {
			ids[aws.ToString(r.LogicalResourceId)] = aws.ToString(r.PhysicalResourceId)
		}
	}
	return ids, nil
}
