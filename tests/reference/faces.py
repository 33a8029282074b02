"""The faces that facenet-pytorch's MTCNN finds in a photograph: the figures in examples/faces/tests/astronaut.rs.

    pip install torch torchvision && pip install --no-deps facenet-pytorch && pip install requests tqdm
    python tests/reference/faces.py examples/faces/astronaut.jpg

Its networks have the weights of examples/faces/models, turned about the diagonal. It asks for older versions of PyTorch than it needs, hence `--no-deps`.
"""

import sys

import numpy as np
from facenet_pytorch import MTCNN
from PIL import Image

photo = Image.open(sys.argv[1]).convert("RGB")
boxes, scores, landmarks = MTCNN(keep_all=True, device="cpu").detect(photo, landmarks=True)
np.set_printoptions(precision=3, suppress=True)
for box, score, points in zip(boxes, scores, landmarks):
    print(f"score {score:.5f}\nbox {box}\nlandmarks\n{points}")
