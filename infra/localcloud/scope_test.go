package main

import "testing"

func TestScopeResolvesWhatStandsInAnAPIsBody(t *testing.T) {
	names := scope{
		ids:        map[string]string{"UsersFunction": "clientele-users", "UserPool": "eu-central-1_x", "PortalApi": "0a1b2c3d"},
		parameters: map[string]string{"PortalUrl": "", "ConsoleUrl": "http://localhost:8400"},
	}
	own := map[string]any{"Fn::Sub": "https://${PortalApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
	for _, c := range []struct {
		in   any
		want string
	}{
		{"plain", "plain"},
		{map[string]any{"Ref": "UserPool"}, "eu-central-1_x"},
		{map[string]any{"Fn::Sub": "functions/${UsersFunction.Arn}/invocations"}, "functions/arn:aws:lambda:eu-central-1:000000000000:function:clientele-users/invocations"},
		{map[string]any{"Fn::If": []any{"HasPortalUrl", "", own}}, "https://0a1b2c3d.execute-api.eu-central-1.amazonaws.com"},
		{map[string]any{"Fn::If": []any{"HasConsoleUrl", "", own}}, "http://localhost:8400"},
	} {
		got, err := names.text(c.in)
		if err != nil || got != c.want {
			t.Errorf("%v: got %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	for _, unknown := range []any{map[string]any{"Ref": "Nothing"}, map[string]any{"Fn::Sub": "${Nothing.Arn}"}, 7, nil} {
		if got, err := names.text(unknown); err == nil {
			t.Errorf("%v: got %q, want an error", unknown, got)
		}
	}
}

func TestRouteKeys(t *testing.T) {
	for _, c := range []struct{ method, path, want string }{
		{"get", "/users/{userId}", "GET /users/{userId}"},
		{"x-amazon-apigateway-any-method", "/$default", "$default"},
		{"x-amazon-apigateway-any-method", "/all", "ANY /all"},
	} {
		if got := routeKey(c.method, c.path); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

func TestLogicalIDs(t *testing.T) {
	if got := logicalID("sweep-outbox"); got != "SweepOutboxFunction" {
		t.Errorf("got %q", got)
	}
}
