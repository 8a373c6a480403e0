package main

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	gwtypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// MiniStack 1.5.33 does not import the OpenAPI body of an HTTP API, so its routes are made here from the processed
// template, which is what AWS would read. Stale routes are removed.

// httpAPI is the part that we read of an AWS::ApiGatewayV2::Api's body.
type httpAPI struct {
	Paths      map[string]map[string]operation `json:"paths"`
	CORS       *cors                           `json:"x-amazon-apigateway-cors"`
	Components struct {
		SecuritySchemes map[string]struct {
			Authorizer *struct {
				IdentitySource string `json:"identitySource"`
				JWT            struct {
					Issuer   any   `json:"issuer"`
					Audience []any `json:"audience"`
				} `json:"jwtConfiguration"`
			} `json:"x-amazon-apigateway-authorizer"`
		} `json:"securitySchemes"`
	} `json:"components"`
}

type operation struct {
	Integration struct {
		URI any `json:"uri"`
	} `json:"x-amazon-apigateway-integration"`
	Security []map[string][]string `json:"security"`
}

type cors struct {
	Origins []any    `json:"allowOrigins"`
	Methods []string `json:"allowMethods"`
	Headers []string `json:"allowHeaders"`
	Expose  []string `json:"exposeHeaders"`
	MaxAge  int32    `json:"maxAge"`
}

// reconcileGateway gives each HTTP API of the template its routes.
func reconcileGateway(ctx context.Context, c clients, ids map[string]string) error {
	out, err := c.stacks.GetTemplate(ctx, &cloudformation.GetTemplateInput{
		StackName: aws.String(stackName), TemplateStage: cfntypes.TemplateStageProcessed,
	})
	if err != nil {
		return fmt.Errorf("processed template: %w", err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(aws.ToString(out.TemplateBody)), &template); err != nil {
		return fmt.Errorf("processed template: %w", err)
	}
	stack, err := describeStack(ctx, c)
	if err != nil {
		return err
	}
	names := scope{ids: ids, parameters: map[string]string{}}
	for _, p := range stack.Parameters {
		names.parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for name, r := range template.Resources {
		if r.Type != "AWS::ApiGatewayV2::Api" {
			continue
		}
		var properties struct{ Body httpAPI }
		if err := json.Unmarshal(r.Properties, &properties); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := reconcileAPI(ctx, c.gateway, ids[name], properties.Body, names); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func reconcileAPI(ctx context.Context, client *gw.Client, api string, body httpAPI, names scope) error {
	authorizers, err := reconcileAuthorizers(ctx, client, api, body, names)
	if err != nil {
		return err
	}
	integrations, err := integrationsOf(ctx, client, api)
	if err != nil {
		return err
	}
	existing, err := client.GetRoutes(ctx, &gw.GetRoutesInput{ApiId: &api})
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for path, operations := range body.Paths {
		for method, op := range operations {
			key := routeKey(method, path)
			wanted[key] = true
			uri, err := names.text(op.Integration.URI)
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			if integrations[uri] == "" {
				made, err := client.CreateIntegration(ctx, &gw.CreateIntegrationInput{
					ApiId: &api, IntegrationType: gwtypes.IntegrationTypeAwsProxy, IntegrationMethod: aws.String("POST"),
					IntegrationUri: &uri, PayloadFormatVersion: aws.String("2.0"),
				})
				if err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
				integrations[uri] = aws.ToString(made.IntegrationId)
			}
			route := gwtypes.Route{
				RouteKey: &key, Target: aws.String("integrations/" + integrations[uri]),
				AuthorizationType: gwtypes.AuthorizationTypeNone,
			}
			for _, requirement := range op.Security {
				for scheme := range requirement {
					if id := authorizers[scheme]; id != "" {
						route.AuthorizationType, route.AuthorizerId = gwtypes.AuthorizationTypeJwt, &id
					}
				}
			}
			if err := putRoute(ctx, client, api, existing.Items, route); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	for _, old := range existing.Items {
		if !wanted[aws.ToString(old.RouteKey)] {
			if _, err := client.DeleteRoute(ctx, &gw.DeleteRouteInput{ApiId: &api, RouteId: old.RouteId}); err != nil {
				return err
			}
		}
	}
	if body.CORS == nil {
		return nil
	}
	allow := &gwtypes.Cors{
		AllowMethods: body.CORS.Methods, AllowHeaders: body.CORS.Headers, ExposeHeaders: body.CORS.Expose, MaxAge: &body.CORS.MaxAge,
	}
	for _, origin := range body.CORS.Origins {
		text, err := names.text(origin)
		if err != nil {
			return fmt.Errorf("CORS: %w", err)
		}
		allow.AllowOrigins = append(allow.AllowOrigins, text)
	}
	_, err = client.UpdateApi(ctx, &gw.UpdateApiInput{ApiId: &api, CorsConfiguration: allow})
	return err
}

// reconcileAuthorizers creates the JWT authorizers and returns their ids by scheme name.
func reconcileAuthorizers(ctx context.Context, client *gw.Client, api string, body httpAPI, names scope) (map[string]string, error) {
	existing, err := client.GetAuthorizers(ctx, &gw.GetAuthorizersInput{ApiId: &api})
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for name, scheme := range body.Components.SecuritySchemes {
		if scheme.Authorizer == nil {
			continue
		}
		issuer, err := names.text(scheme.Authorizer.JWT.Issuer)
		if err != nil {
			return nil, fmt.Errorf("authorizer %s: %w", name, err)
		}
		jwt := &gwtypes.JWTConfiguration{Issuer: &issuer}
		for _, a := range scheme.Authorizer.JWT.Audience {
			audience, err := names.text(a)
			if err != nil {
				return nil, fmt.Errorf("authorizer %s: %w", name, err)
			}
			jwt.Audience = append(jwt.Audience, audience)
		}
		source := []string{scheme.Authorizer.IdentitySource}
		i := slices.IndexFunc(existing.Items, func(a gwtypes.Authorizer) bool { return aws.ToString(a.Name) == name })
		if i >= 0 {
			old := existing.Items[i]
			ids[name] = aws.ToString(old.AuthorizerId)
			if reflect.DeepEqual(old.JwtConfiguration, jwt) {
				continue
			}
			_, err = client.UpdateAuthorizer(ctx, &gw.UpdateAuthorizerInput{ApiId: &api, AuthorizerId: old.AuthorizerId, IdentitySource: source, JwtConfiguration: jwt})
			if err != nil {
				return nil, err
			}
			continue
		}
		made, err := client.CreateAuthorizer(ctx, &gw.CreateAuthorizerInput{
			ApiId: &api, Name: &name, AuthorizerType: gwtypes.AuthorizerTypeJwt, IdentitySource: source, JwtConfiguration: jwt,
		})
		if err != nil {
			return nil, err
		}
		ids[name] = aws.ToString(made.AuthorizerId)
	}
	return ids, nil
}

func integrationsOf(ctx context.Context, client *gw.Client, api string) (map[string]string, error) {
	out, err := client.GetIntegrations(ctx, &gw.GetIntegrationsInput{ApiId: &api})
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, i := range out.Items {
		ids[aws.ToString(i.IntegrationUri)] = aws.ToString(i.IntegrationId)
	}
	return ids, nil
}

func putRoute(ctx context.Context, client *gw.Client, api string, existing []gwtypes.Route, want gwtypes.Route) error {
	for _, old := range existing {
		if aws.ToString(old.RouteKey) != aws.ToString(want.RouteKey) {
			continue
		}
		if aws.ToString(old.Target) == aws.ToString(want.Target) && old.AuthorizationType == want.AuthorizationType &&
			aws.ToString(old.AuthorizerId) == aws.ToString(want.AuthorizerId) {
			return nil
		}
		_, err := client.UpdateRoute(ctx, &gw.UpdateRouteInput{
			ApiId: &api, RouteId: old.RouteId, Target: want.Target,
			AuthorizationType: want.AuthorizationType, AuthorizerId: want.AuthorizerId,
		})
		return err
	}
	_, err := client.CreateRoute(ctx, &gw.CreateRouteInput{
		ApiId: &api, RouteKey: want.RouteKey, Target: want.Target,
		AuthorizationType: want.AuthorizationType, AuthorizerId: want.AuthorizerId,
	})
	return err
}

// routeKey turns OpenAPI's method and path into API Gateway's key.
func routeKey(method, path string) string {
	if path == "/$default" {
		return "$default"
	}
	if method == "x-amazon-apigateway-any-method" {
		method = "any"
	}
	return strings.ToUpper(method) + " " + path
}
