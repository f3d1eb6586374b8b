// What the client that oapi-codegen generates must be able to do, against a running server.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"

	"generated/api"
)

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	withKey := api.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("X-API-KEY", os.Args[2])
		return nil
	})
	client, err := api.NewClientWithResponses(os.Args[1], withKey)
	expect(err == nil, err)

	made, err := client.CreateQueueWithResponse(ctx, nil, api.CreateQueueRequest{Name: "from-oapi-codegen"})
	expect(err == nil && made.JSON200 != nil, err)
	queueID := made.JSON200.Queue.Id

	target := "http://127.0.0.1:9/orders"
	listener, err := client.CreateListenerWithResponse(ctx, queueID, nil, api.CreateListenerRequest{Name: "shop", NotifyUrl: &target})
	expect(err == nil && listener.JSON200 != nil && listener.JSON200.Listener.Secret != nil, err)

	for number := 1; number <= 3; number++ {
		key, delay := fmt.Sprintf("order-%d", number), 60_000
		data := fmt.Sprintf(`{"number":%d}`, number)
		body := api.CreateMessageRequest{Data: &data, Delay: &delay}
		message, err := client.CreateMessageWithResponse(ctx, queueID, &api.CreateMessageParams{IdempotencyKey: &key}, body)
		expect(err == nil && message.JSON200 != nil, err)
	}

	seen := ""
	size, embed := 2, true
	params := api.ListMessagesParams{PerPage: &size, UnderscoreEmbed: &embed}
	for page := 1; page <= 2; page++ {
		listing, err := client.ListMessagesWithResponse(ctx, queueID, &params)
		expect(err == nil && listing.JSON200 != nil && listing.JSON200.UnderscoreEmbedded != nil, err)
		for _, message := range listing.JSON200.UnderscoreEmbedded.Messages {
			seen += *message.Data
		}
		next, more := listing.JSON200.UnderscoreLinks.AdditionalProperties["next"]
		expect(more == (page == 1), "a second page, and no third one")
		if more {
			href, err := url.Parse(next.Href)
			expect(err == nil, err)
			cursor := href.Query().Get("cursor")
			params.Cursor = &cursor
		}
	}
	expect(seen == `{"number":3}{"number":2}{"number":1}`, seen)

	taken, err := client.CreateQueueWithResponse(ctx, nil, api.CreateQueueRequest{Name: "from-oapi-codegen"})
	expect(err == nil && taken.JSON422 != nil && (*taken.JSON422.Errors)[0].Path == "/name", err)
	nowhere, err := client.GetQueueWithResponse(ctx, "00VbugnoyVluTsdf2eOBu", nil)
	expect(err == nil && nowhere.JSON404 != nil && nowhere.JSON404.Status == 404, err)

	deleted, err := client.DeleteQueueWithResponse(ctx, queueID, nil)
	expect(err == nil && deleted.JSON200 != nil, err)
	fmt.Println("done")
}

func expect(condition bool, what any) {
	if !condition {
		log.Panicf("failed: %v", what)
	}
}
