// A service in Go: publishes temperatures on one stream, with sequences, so that after a broken connection it sends again what was
// not acknowledged and nothing is stored twice.
//
//	./setup.sh && bin/temperatures localhost:9090 1000
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	ternv1 "example/generated/tern/v1"
)

const itemsPerFrame = 64

func main() {
	address, count := "localhost:9090", uint64(1000)
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if len(os.Args) > 2 {
		count, _ = strconv.ParseUint(os.Args[2], 10, 64)
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatalf("%s is no address: %v", address, err)
	}
	defer connection.Close()
	producer := &producer{
		messaging: ternv1.NewMessagingServiceClient(connection),
		id:        fmt.Sprintf("temperatures-%d", os.Getpid()),
		pending:   map[uint64]*ternv1.PublishStreamRequest_Item{},
	}
	for number := uint64(1); number <= count; number++ {
		producer.pending[number] = reading(number)
	}
	for attempt := 1; len(producer.pending) > 0; attempt++ {
		if err := producer.run(count); err != nil {
			log.Printf("attempt %d: %v; %d are to be sent again", attempt, err, len(producer.pending))
			time.Sleep(200 * time.Millisecond)
		}
	}
	fmt.Printf("%d stored\n", producer.stored)
}

type producer struct {
	messaging ternv1.MessagingServiceClient
	id        string
	// Not acknowledged yet, by sequence.
	pending map[uint64]*ternv1.PublishStreamRequest_Item
	stored  int
}

// run sends what is pending, in order, on a new stream, and takes acknowledgements until nothing is pending.
func (p *producer) run(last uint64) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := p.messaging.PublishStream(ctx)
	if err != nil {
		return err
	}
	frames := p.frames(last)
	go func() {
		for _, frame := range frames {
			if stream.Send(frame) != nil {
				return
			}
		}
	}()
	for len(p.pending) > 0 {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, ack := range response.GetAcks().GetAcks() {
			if failure := ack.GetResult().GetError(); failure != nil {
				return fmt.Errorf("message %d was refused: %s", ack.GetSequence(), failure.GetMessage())
			}
			if _, waits := p.pending[ack.GetSequence()]; waits {
				delete(p.pending, ack.GetSequence())
				p.stored++
			}
		}
	}
	return nil
}

func (p *producer) frames(last uint64) []*ternv1.PublishStreamRequest {
	open := &ternv1.PublishStreamRequest_Open{ProducerId: p.id}
	frames := []*ternv1.PublishStreamRequest{{Frame: &ternv1.PublishStreamRequest_Open_{Open: open}}}
	items := []*ternv1.PublishStreamRequest_Item{}
	flush := func() {
		if len(items) > 0 {
			frame := &ternv1.PublishStreamRequest_Items_{Items: &ternv1.PublishStreamRequest_Items{Items: items}}
			frames = append(frames, &ternv1.PublishStreamRequest{Frame: frame})
			items = nil
		}
	}
	for number := uint64(1); number <= last; number++ {
		if item, waits := p.pending[number]; waits {
			items = append(items, item)
		}
		if len(items) == itemsPerFrame {
			flush()
		}
	}
	flush()
	return frames
}

func reading(number uint64) *ternv1.PublishStreamRequest_Item {
	return &ternv1.PublishStreamRequest_Item{
		Sequence: number,
		Message: &ternv1.Message{
			Topic:   fmt.Sprintf("sensors/%d/temperature", number%100),
			Payload: []byte(strconv.FormatFloat(20+float64(number%50)/10, 'f', 1, 64)),
		},
	}
}
