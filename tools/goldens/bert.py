"""Makes the golden files of BERT, RoBERTa and DistilBERT; see families.py.   usage: bert.py"""

from transformers import (
    BertConfig, BertForMaskedLM, BertModel, DistilBertConfig, DistilBertForMaskedLM, RobertaConfig, RobertaForMaskedLM,
)

from families import make

small = dict(vocab_size=40, hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20, max_position_embeddings=16)

make('bert', BertForMaskedLM, BertConfig(**small))
# Saved as the bare encoder, as sentence encoders are; another activation, one head, other types and eps.
make('bert-bare', BertModel, BertConfig(**small | dict(hidden_act='gelu_new', num_attention_heads=1, type_vocab_size=1, layer_norm_eps=1e-3)))
# As checkpoints of 2018 are: gamma and beta, buffers, an output of the next sentence.
def old(name):
    return name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')


def old_config(json):
    return {k: v for k, v in json.items() if k not in ('dtype', 'transformers_version')} | dict(
        directionality='bidi', pooler_fc_size=768, pooler_num_attention_heads=12, pooler_num_fc_layers=3,
        pooler_size_per_head=128, pooler_type='first_token_transform', torch_dtype='float32',
    )


make('bert-old', BertForMaskedLM, BertConfig(**small | dict(hidden_act='relu')), rename=old, edit=old_config, lengths=(5,))
make('roberta', RobertaForMaskedLM, RobertaConfig(**small | dict(max_position_embeddings=18, type_vocab_size=1)))
make('distilbert', DistilBertForMaskedLM, DistilBertConfig(vocab_size=40, dim=12, n_layers=2, n_heads=2, hidden_dim=20, max_position_embeddings=16))
