package kafkaout
import ("testing";"fmt";"errors";"log";"os";"github.com/IBM/sarama";"carillon/adapters/kit/secret";"github.com/twmb/franz-go/pkg/kfake")
func TestZZ(t *testing.T){
 sarama.Logger=log.New(os.Stdout,"",0)
 cfg:=Config{}
 cfg.Connection.SASL, cfg.Connection.User, cfg.Connection.Password = "PLAIN", "carillon", secret.New("wrong")
 c := cluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "carillon", "right"), kfake.WithLogger(kfake.BasicLogger(os.Stdout, kfake.LogLevelDebug)))
			refuseCredentials(c)
			cfg.Connection.Brokers = c.ListenAddrs()
 _,err:=dial(t,cfg)()
 for e:=err;e!=nil;e=errors.Unwrap(e){fmt.Printf("%T %v\n",e,e)}
}
