package handlers_test

import (
	"net/http"
	"strings"

	"tenure/handlers/web"
	"tenure/snapshots"
	"tenure/tenancy"
)

// exercises are what a route needs to succeed, by method and pattern. A route
// that is not here fails the test: a new one cannot be forgotten.
var exercises = map[string]struct {
	status int
	body   string
}{
	"GET /v2/modules/{module}/setups/{setupId}/clients/names":                                           {status: 200},
	"GET /v2/modules/{module}/setups/{setupId}/clients/entity-id":                                       {status: 200},
	"GET /v2/modules/{module}/setups/{setupId}/clients/{clientId}":                                      {status: 200},
	"PUT /v2/modules/{module}/setups/{setupId}/clients/{clientId}":                                      {200, `{"name":"changed","confidentiality_type":"public"}`},
	"DELETE /v2/modules/{module}/setups/{setupId}/clients/{clientId}":                                   {status: 204},
	"GET /v2/modules/{module}/setups/{setupId}/clients/{clientId}/snapshots":                            {status: 200},
	"GET /v2/modules/{module}/setups/{setupId}/clients/{clientId}/snapshots/{snapshotId}":               {status: 200},
	"DELETE /v2/modules/{module}/setups/{setupId}/clients/{clientId}/snapshots/{snapshotId}":            {status: 204},
	"GET /v2/modules/{module}/setups/{setupId}/clients":                                                 {status: 200},
	"POST /v2/modules/{module}/setups/{setupId}/clients":                                                {201, `{"name":"new","confidentiality_type":"public"}`},
	"POST /v3/modules/{module}/setups/{setupId}/clients":                                                {201, `{"client_name":"new"}`},
	"GET /v2/modules/{module}/setups/{setupId}":                                                         {status: 200},
	"PUT /v2/modules/{module}/setups/{setupId}":                                                         {200, `{"name":"changed"}`},
	"DELETE /v2/modules/{module}/setups/{setupId}":                                                      {status: 204},
	"GET /v2/modules/{module}/setups/{setupId}/snapshots":                                               {status: 200},
	"GET /v2/modules/{module}/setups/{setupId}/snapshots/{snapshotId}":                                  {status: 200},
	"DELETE /v2/modules/{module}/setups/{setupId}/snapshots/{snapshotId}":                               {status: 204},
	"GET /v2/modules/{module}/setups":                                                                   {status: 200},
	"POST /v2/modules/{module}/setups":                                                                  {201, `{"name":"new"}`},
	"GET /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}":                           {status: 200},
	"PUT /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}":                           {200, `{"name":"changed","scopes":[]}`},
	"DELETE /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}":                        {status: 204},
	"GET /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}/snapshots":                 {status: 200},
	"GET /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}/snapshots/{snapshotId}":    {status: 200},
	"DELETE /v2/modules/{module}/setups/{setupId}/resource-servers/{resourceId}/snapshots/{snapshotId}": {status: 204},
	"GET /v2/modules/{module}/setups/{setupId}/resource-servers":                                        {status: 200},
	"POST /v2/modules/{module}/setups/{setupId}/resource-servers":                                       {201, `{"name":"new","scopes":[]}`},

	"GET /v1/organizations/{organization}":          {status: 200},
	"PATCH /v1/organizations/{organization}":        {200, `{"name":"renamed"}`},
	"DELETE /v1/organizations/{organization}":       {status: 204},
	"POST /v1/organizations/{organization}:restore": {status: 200},
	"POST /v1/setups/{setup}:restore":               {status: 200},
	"POST /v1/clients/{entity}:restore":             {status: 200},
	"GET /v1/organizations":                         {status: 200},
	"POST /v1/organizations":                        {201, `{"name":"new"}`},
	"GET /v1/whoami":                                {status: 200},
	"GET /v1/modules":                               {status: 200},
	"POST /v1/modules":                              {201, `{"name":"NEXT"}`},
	"GET /v1/keys":                                  {status: 200},
	"POST /v1/keys":                                 {201, `{"name":"new","role":"reader"}`},
	"DELETE /v1/keys/{key}":                         {status: 204},

	"GET /v1/setups/{setup}/policy":                    {status: 200},
	"PUT /v1/setups/{setup}/policy":                    {200, `{"registration":"open"}`},
	"GET /v1/setups/{setup}/initial-tokens":            {status: 200},
	"POST /v1/setups/{setup}/initial-tokens":           {201, `{"name":"new"}`},
	"DELETE /v1/setups/{setup}/initial-tokens/{token}": {status: 204},
	"GET /v1/setups/{setup}/registrations":             {status: 200},
	"DELETE /v1/setups/{setup}/registrations":          {status: 200},
	"POST /v1/clients/{entity}/registration-token":     {status: 201},
	"GET /v1/setups/{setup}/clients/{client}/secrets":  {status: 200},
	"GET /v1/evidence":                                 {status: 200},
	"GET /v1/clients/{entity}/history":                 {status: 200},
	"GET /v1/clients/{entity}":                         {status: 200},
	"GET /v1/clients/{entity}/snapshots/{snapshot}":    {status: 200},
	"POST /v1/clients/{entity}/snapshots":              {200, `{"merge":{"client_name":"changed"},"later":"keep"}`},
	"POST /v1/clients/{entity}/snapshots:plan":         {200, `{"merge":{"client_name":"changed"}}`},
	"POST /v1/clients/{entity}/snapshots:rollback":     {200, `{"to":"SNAPSHOT","later":"keep"}`},
	"GET /v1/clients/{entity}/diff":                    {status: 200},
	"POST /v1/clients/{entity}/diff":                   {200, `{"merge":{"client_name":"changed"}}`},
	"GET /v1/clients/{entity}/blame":                   {status: 200},
	"GET /v1/clients":                                  {status: 200},
	"GET /v1/clients/{entity}/snapshots":               {status: 200},

	"GET /v1/setups/{setup}":                                       {status: 200},
	"GET /v1/setups/{setup}/snapshots":                             {status: 200},
	"GET /v1/setups/{setup}/snapshots/{snapshot}":                  {status: 200},
	"GET /v1/setups/{setup}/snapshots/{snapshot}/proof":            {status: 200},
	"POST /v1/setups/{setup}/snapshots":                            {200, `{"merge":{"comment":"changed"},"later":"keep"}`},
	"POST /v1/setups/{setup}/snapshots:plan":                       {200, `{"merge":{"comment":"changed"}}`},
	"POST /v1/setups/{setup}/snapshots:rollback":                   {200, `{"to":"SNAPSHOT","later":"keep"}`},
	"GET /v1/setups/{setup}/diff":                                  {status: 200},
	"POST /v1/setups/{setup}/diff":                                 {200, `{"merge":{"comment":"changed"}}`},
	"GET /v1/setups/{setup}/blame":                                 {status: 200},
	"GET /v1/setups/{setup}/history":                               {status: 200},
	"GET /v1/resource-servers/{entity}":                            {status: 200},
	"GET /v1/resource-servers/{entity}/snapshots":                  {status: 200},
	"GET /v1/resource-servers/{entity}/snapshots/{snapshot}":       {status: 200},
	"GET /v1/resource-servers/{entity}/snapshots/{snapshot}/proof": {status: 200},
	"POST /v1/resource-servers/{entity}/snapshots":                 {200, `{"merge":{"comment":"changed"},"later":"keep"}`},
	"POST /v1/resource-servers/{entity}/snapshots:plan":            {200, `{"merge":{"comment":"changed"}}`},
	"POST /v1/resource-servers/{entity}/snapshots:rollback":        {200, `{"to":"SNAPSHOT","later":"keep"}`},
	"GET /v1/resource-servers/{entity}/diff":                       {status: 200},
	"POST /v1/resource-servers/{entity}/diff":                      {200, `{"merge":{"comment":"changed"}}`},
	"GET /v1/resource-servers/{entity}/blame":                      {status: 200},
	"GET /v1/resource-servers/{entity}/history":                    {status: 200},
	"GET /v1/clients/{entity}/snapshots/{snapshot}/proof":          {status: 200},
	"POST /v1/clients/{entity}:erase":                              {200, `{"reason":"asked to","confirm":"CLIENT_ID","delete":true}`},
	"GET /v1/log/consistency":                                      {status: 200},
	"GET /v1/clients/{entity}/reads":                               {status: 200},
	"GET /v1/history":                                              {status: 200},

	"GET /admin/clients/{client}":                                                     {status: 200},
	"PUT /admin/clients/{client}":                                                     {200, `{"client_name":"changed"}`},
	"PATCH /admin/clients/{client}":                                                   {200, `[{"op":"replace","path":"/owner","value":"changed"}]`},
	"DELETE /admin/clients/{client}":                                                  {status: 204},
	"PUT /admin/clients/{client}/lifespans":                                           {200, `{}`},
	"POST /admin/clients/{client}/secrets/rotate":                                     {status: 200},
	"DELETE /admin/clients/{client}/secrets/rotate":                                   {status: 200},
	"GET /admin/clients":                                                              {status: 200},
	"POST /admin/clients":                                                             {201, `{"token_endpoint_auth_method":"none"}`},
	"GET /modules/{module}/setups/{setupId}/admin/clients/{client}":                   {status: 200},
	"PUT /modules/{module}/setups/{setupId}/admin/clients/{client}":                   {200, `{"client_name":"changed"}`},
	"PATCH /modules/{module}/setups/{setupId}/admin/clients/{client}":                 {200, `[{"op":"replace","path":"/owner","value":"changed"}]`},
	"DELETE /modules/{module}/setups/{setupId}/admin/clients/{client}":                {status: 204},
	"PUT /modules/{module}/setups/{setupId}/admin/clients/{client}/lifespans":         {200, `{}`},
	"POST /modules/{module}/setups/{setupId}/admin/clients/{client}/secrets/rotate":   {status: 200},
	"DELETE /modules/{module}/setups/{setupId}/admin/clients/{client}/secrets/rotate": {status: 200},
	"GET /modules/{module}/setups/{setupId}/admin/clients":                            {status: 200},
	"POST /modules/{module}/setups/{setupId}/admin/clients":                           {201, `{"token_endpoint_auth_method":"none"}`},
	"GET /admin/health/alive":                                                         {status: 200},
	"GET /admin/health/ready":                                                         {status: 200},
	"GET /admin/version":                                                              {status: 200},

	"GET /oauth2/clients/{oauth_client_id}":                                                    {status: 200},
	"PATCH /oauth2/clients/{oauth_client_id}":                                                  {200, `{"client_name":"changed"}`},
	"DELETE /oauth2/clients/{oauth_client_id}":                                                 {status: 204},
	"PUT /oauth2/clients/{oauth_client_id}/secret":                                             {status: 200},
	"GET /oauth2/clients/{oauth_client_id}/ui-configuration":                                   {status: 200},
	"PUT /oauth2/clients/{oauth_client_id}/ui-configuration":                                   {201, `{"showBadge":true}`},
	"GET /oauth2/clients":                                                                      {status: 200},
	"POST /oauth2/clients":                                                                     {201, slashidClient},
	"GET /modules/{module}/setups/{setupId}/oauth2/clients/{oauth_client_id}":                  {status: 200},
	"PATCH /modules/{module}/setups/{setupId}/oauth2/clients/{oauth_client_id}":                {200, `{"client_name":"changed"}`},
	"DELETE /modules/{module}/setups/{setupId}/oauth2/clients/{oauth_client_id}":               {status: 204},
	"PUT /modules/{module}/setups/{setupId}/oauth2/clients/{oauth_client_id}/secret":           {status: 200},
	"GET /modules/{module}/setups/{setupId}/oauth2/clients/{oauth_client_id}/ui-configuration": {status: 200},
	"PUT /modules/{module}/setups/{setupId}/oauth2/clients/{oauth_client_id}/ui-configuration": {201, `{"showBadge":true}`},
	"GET /modules/{module}/setups/{setupId}/oauth2/clients":                                    {status: 200},
	"POST /modules/{module}/setups/{setupId}/oauth2/clients":                                   {201, slashidClient},
	"GET /organizations":                   {status: 200},
	"DELETE /organizations":                {status: 204},
	"GET /organizations/suborganizations":  {status: 200},
	"POST /organizations/suborganizations": {200, `{"sub_org_name":"NEXT","admins":[]}`},
	"PUT /organizations/api-keys":          {status: 200},
	"GET /organizations/config":            {status: 200},
	"PATCH /organizations/config":          {204, `{"token_duration":60}`},

	"GET /reg/{ClientId}":                                      {status: 200},
	"DELETE /reg/{ClientId}":                                   {status: 204},
	"GET /modules/{module}/setups/{setupId}/reg/{ClientId}":    {status: 200},
	"DELETE /modules/{module}/setups/{setupId}/reg/{ClientId}": {status: 204},

	"GET /health/alive": {status: 200},
	"GET /health/ready": {status: 200},
	"GET /version":      {status: 200},

	"GET /healthz": {status: 200},
	"GET /readyz":  {status: 200},
	"GET /livez":   {status: 200},

	"GET /log/checkpoint":     {status: 200},
	"GET /log/tile/{tile:.+}": {status: 200},
	"GET /log/witnesses":      {status: 200},
}

// plan is the planned snapshot of the object that a route is about.
func (on *target) plan(r web.Route) snapshots.SnapshotID {
	return map[string]snapshots.SnapshotID{web.ObjectClient: on.clientPlan, web.ObjectSetup: on.setupPlan, web.ObjectResourceServer: on.srvPlan}[r.Object]
}

func needsMore(r web.Route) bool {
	return deletesSetup(r) || strings.HasSuffix(r.Pattern, ":restore")
}

func deletesSetup(r web.Route) bool {
	return r.Method == http.MethodDelete && strings.HasSuffix(r.Pattern, "/setups/{setupId}")
}

// setupsPast reports whether a route reads a setup's snapshots, past ones too, or what
// follows from them.
func setupsPast(r web.Route) bool {
	return r.Object == web.ObjectSetup && r.Permission&tenancy.Administer == 0 && !strings.HasSuffix(r.Pattern, "/policy") &&
		!strings.HasSuffix(r.Pattern, "/initial-tokens")
}
