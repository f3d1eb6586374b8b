// What the client that ogen generates must be able to do, against a running server.
package main

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"os"

	"generated/api"
)

type key string

func (k key) ApiKeyHeader(context.Context, api.OperationName) (api.ApiKeyHeader, error) {
	return api.ApiKeyHeader{APIKey: string(k)}, nil
}

func main() {
	log.SetFlags(0)
	ctx := context.Background()
	client, err := api.NewClient(os.Args[1], key(os.Args[2]))
	expect(err == nil, err)

	made, err := client.CreateQueue(ctx, &api.CreateQueueRequest{Name: "from-ogen"}, api.CreateQueueParams{})
	queueID := as[*api.QueueEnvelopeHeaders](made, err).Response.Queue.ID

	target, err := url.Parse("http://127.0.0.1:9/orders")
	expect(err == nil, err)
	request := api.CreateListenerRequest{Name: "shop", NotifyURL: api.NewOptNilURI(*target)}
	listener, err := client.CreateListener(ctx, &request, api.CreateListenerParams{QueueID: queueID})
	expect(as[*api.CreateListenerResultHeaders](listener, err).Response.Listener.Secret.IsSet(), "a secret")

	for number := 1; number <= 3; number++ {
		body := api.CreateMessageRequest{Data: api.NewOptString(fmt.Sprintf(`{"number":%d}`, number)), Delay: api.NewOptInt(60_000)}
		params := api.CreateMessageParams{QueueID: queueID, IdempotencyKey: api.NewOptString(fmt.Sprintf("order-%d", number))}
		message, err := client.CreateMessage(ctx, &body, params)
		as[*api.CreateMessageResultHeaders](message, err)
	}

	seen := ""
	params := api.ListMessagesParams{QueueID: queueID, PerPage: api.NewOptInt(2), Embed: api.NewOptBool(true)}
	for page := 1; page <= 2; page++ {
		answer, err := client.ListMessages(ctx, params)
		listing := as[*api.MessageListHeaders](answer, err).Response
		for _, message := range listing.Embedded.Value.Messages {
			seen += message.Data.Value
		}
		next, more := listing.Links.AdditionalProps["next"]
		expect(more == (page == 1), "a second page, and no third one")
		if more {
			href, err := url.Parse(next.Href)
			expect(err == nil, err)
			params.Cursor = api.NewOptString(href.Query().Get("cursor"))
		}
	}
	expect(seen == `{"number":3}{"number":2}{"number":1}`, seen)

	taken, err := client.CreateQueue(ctx, &api.CreateQueueRequest{Name: "from-ogen"}, api.CreateQueueParams{})
	expect(as[*api.UnprocessableEntityHeaders](taken, err).Response.Errors[0].Path == "/name", taken)
	nowhere, err := client.GetQueue(ctx, api.GetQueueParams{QueueID: "00VbugnoyVluTsdf2eOBu"})
	expect(as[*api.NotFoundHeaders](nowhere, err).Response.Status == 404, nowhere)

	deleted, err := client.DeleteQueue(ctx, api.DeleteQueueParams{QueueID: queueID})
	as[*api.DeletedHeaders](deleted, err)
	fmt.Println("done")
}

func as[Expected any](answer any, err error) Expected {
	expect(err == nil, err)
	typed, fits := answer.(Expected)
	expect(fits, answer)
	return typed
}

func expect(condition bool, what any) {
	if !condition {
		log.Panicf("failed: %v", what)
	}
}
